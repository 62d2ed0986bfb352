// What a browser needs to rate with; told at the door, not in the middle of a film.

export function lacking(scope = globalThis) {
  const found = [];
  if (!("requestVideoFrameCallback" in (scope.HTMLVideoElement?.prototype ?? {}))) found.push("video");
  const film = scope.document.createElement("video");
  if (!film.canPlayType?.('video/webm; codecs="vp9, opus"')) found.push("codec");
  if (!scope.indexedDB) found.push("storage");
  if (!scope.isSecureContext || !scope.navigator.locks || !scope.crypto?.randomUUID) found.push("secure");
  return found;
}

// On pages before a sitting: shows the note that stands there, with what is lacking.
const note = document.querySelector("[data-door]");
if (note) {
  const found = lacking();
  if (found.length) {
    for (const item of note.querySelectorAll("[data-lack]")) {
      item.hidden = !found.includes(item.dataset.lack);
    }
    note.hidden = false;
  }
}
