// When the server last heard of a sitting's end from this browser: a list of clips that was asked for
// before that may show an older state.

const KEY = "taver-heard-of-an-end";

export function heardOfEnd() {
  try {
    localStorage.setItem(KEY, String(Date.now()));
  } catch {
    // Without storage a list in another window stays as it was until it is looked at anew.
  }
}

// Has this page written anew, now or when another window hears of an end; no end brings it twice.
export function writtenAnewBehindEnds() {
  const asked_ms = Date.now() - performance.now();
  const look = () => {
    const heard = localStorage.getItem(KEY);
    if (Number(heard) < asked_ms || sessionStorage.getItem(KEY) === heard) return;
    sessionStorage.setItem(KEY, heard);
    location.reload();
  };
  try {
    look();
    window.addEventListener("storage", ({ key }) => key === KEY && look());
  } catch {
    // see above
  }
}
