// A signal that comes after some time: AbortSignal.timeout is newer than browsers that can do all else.

export function within(ms) {
  const over = new AbortController();
  setTimeout(() => over.abort(), ms);
  return over.signal;
}
