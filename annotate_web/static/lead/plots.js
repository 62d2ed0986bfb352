// Reading values off traces by mouse or keys, and taking plots away as PNG.

const SCALE = 2; // of a PNG's pixels against the plot's own
const SVG = "http://www.w3.org/2000/svg";

/** Turn [[3, 12], [null, 5]] into twelve times 3 and five times null. */
export function unpacked(runs) {
  return runs.flatMap(([value, count]) => Array(count).fill(value));
}

export function clock(frame, rate) {
  const tenths = Math.floor((frame * 10) / rate);
  const seconds = Math.floor(tenths / 10);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}.${tenths % 10}`;
}

/** Return the frame at x of the drawing; `plot` says where the axis begins and ends. */
export function frameAt(x, plot) {
  const share = (x - plot.left) / (plot.right - plot.left);
  return Math.max(0, Math.min(plot.frames - 1, Math.floor(share * plot.frames)));
}

function readable(over) {
  const svg = over.querySelector("svg");
  const { rate, frames, lines } = JSON.parse(over.dataset.lines);
  if (!frames) return;
  const [left, right, top, bottom] = svg.dataset.frame.split(" ").map(Number);
  const plot = { left, right, frames };
  const read = lines.map((line) => ({ name: line.name, values: unpacked(line.runs) }));
  const told = over.parentElement.querySelector(".told");
  const film = document.querySelector("video");
  const cursor = document.createElementNS(SVG, "path");
  cursor.setAttribute("class", "cursor");
  svg.append(cursor);
  for (const strip of svg.querySelectorAll(".hover")) strip.remove(); // for pages without scripts
  let frame = 0;

  function show(wanted) {
    frame = Math.max(0, Math.min(frames - 1, wanted));
    const x = left + ((frame + 0.5) / frames) * (right - left);
    cursor.setAttribute("d", `M${x.toFixed(1)} ${top}V${bottom}`);
    const at = clock(frame, rate);
    const said = read.map((line) => `${line.name} ${line.values[frame] ?? "–"}`);
    const moment = document.createElement("b");
    moment.textContent = at;
    const parts = said.map((words) => {
      const part = document.createElement("span");
      part.textContent = words;
      return part;
    });
    told.replaceChildren(moment, ...parts);
    over.setAttribute("aria-valuenow", frame);
    over.setAttribute("aria-valuetext", `${at}: ${said.join(", ")}`);
  }

  function look() {
    if (film?.readyState) film.currentTime = (frame + 0.5) / rate;
  }

  function pointed(event) {
    const area = svg.getBoundingClientRect();
    const x = ((event.clientX - area.left) / area.width) * svg.viewBox.baseVal.width;
    show(frameAt(x, plot));
  }

  over.tabIndex = 0;
  const named = {
    role: "slider", "aria-label": over.dataset.over, "aria-valuemin": 0,
    "aria-valuemax": frames - 1, "aria-valuenow": 0, "aria-valuetext": clock(0, rate),
  };
  for (const [name, value] of Object.entries(named)) over.setAttribute(name, value);
  over.addEventListener("pointermove", pointed);
  over.addEventListener("click", (event) => {
    pointed(event);
    look();
  });
  over.addEventListener("keydown", (event) => {
    const to = {
      ArrowRight: frame + 1, ArrowUp: frame + 1, ArrowLeft: frame - 1, ArrowDown: frame - 1,
      PageUp: frame + 10 * rate, PageDown: frame - 10 * rate, Home: 0, End: frames - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
    look();
  });
}

/** Draw the SVG at an address as a PNG. */
async function png(from) {
  const answer = await fetch(from);
  if (!answer.ok) throw new Error(`${from}: ${answer.status}`);
  const url = URL.createObjectURL(new Blob([await answer.text()], { type: "image/svg+xml" }));
  try {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = picture.naturalWidth * SCALE;
    canvas.height = picture.naturalHeight * SCALE;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  } finally {
    URL.revokeObjectURL(url);
  }
}

function take(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

if (globalThis.document) {
  for (const over of document.querySelectorAll(".over")) readable(over);
  for (const button of document.querySelectorAll("[data-png]")) {
    button.hidden = false;
    button.addEventListener("click", async () => take(await png(button.dataset.from), button.dataset.png));
  }
  const film = document.querySelector("video");
  const broken = document.querySelector("#no-film");
  const tell = () => { broken.hidden = false; };
  if (film?.error) tell();
  film?.addEventListener("error", tell);
}
