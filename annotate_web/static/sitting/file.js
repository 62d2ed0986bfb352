// What only this browser has, as a file to be handed on.

export function saveAsFile(events, name) {
  const way = document.createElement("a");
  way.href = URL.createObjectURL(new Blob([JSON.stringify(events, null, 1)], { type: "application/json" }));
  way.download = name;
  way.click();
}
