// Which picture a person saw when they moved: from what the browser said of the last one shown.

// A picture is on the screen one or two of the screen's intervals after it was handed over. Where
// more is announced, the browser has slowed its drawing down to the film's pace and counts in
// intervals of that: then the picture is there when it is handed over (measured with numbered
// pictures in Chromium 150 without a window: announced 100 ms ahead at 10 Hz, seen at once).
const LONGEST_LEAD_MS = 34;
const BUSY_MS = 30;
const LONGEST_WAIT = 1.25; // pictures
const DAY_MS = 86_400_000; // whoever comes back to a page after that has no delay

export function shownAt_ms({ expectedDisplayTime, presentationTime }) {
  const lead_ms = expectedDisplayTime - presentationTime;
  return lead_ms <= LONGEST_LEAD_MS ? expectedDisplayTime : presentationTime;
}

// `shown`: { media_s, expected_ms } of the last picture that was presented, times of the page's
// clock. What the film has moved on since then is added; before it is on the screen nothing is.
// `late_ms`: how long the input waited to be heard. A page that hears at once would have heard of
// the next picture, too: then the film itself is late, and is not said to be far ahead.
export function stampOf(shown, at_ms, rate, { fps, frames }, late_ms = 0) {
  if (!shown) return { frame: 0, media_ns: 0, delay_us: null };
  const since_ms = at_ms - shown.expected_ms;
  const most_s = late_ms < BUSY_MS ? LONGEST_WAIT / fps : Infinity;
  const moved_s = Math.min((Math.max(0, since_ms) / 1000) * rate, most_s);
  const length_s = frames / fps;
  // A film's times are rounded to milliseconds: the picture shown is found by rounding, too.
  const frame = Math.round(shown.media_s * fps) + Math.floor(moved_s * fps + 1e-6);
  return {
    frame: Math.min(Math.max(frame, 0), frames - 1),
    media_ns: Math.round(Math.min(shown.media_s + moved_s, length_s) * 1e9),
    delay_us: Math.abs(since_ms) < DAY_MS ? Math.round(since_ms * 1000) : null,
  };
}

// What was lost between two pictures of a film that plays: `dropped` were never presented,
// `unheard` were presented while the page was too busy to be told.
export function lostBetween(before, now, { fps }) {
  const moved = Math.round((now.media_s - before.media_s) * fps);
  const presented = now.presented - before.presented;
  if (moved <= 0 || presented <= 0) return { dropped: 0, unheard: 0 };
  return { dropped: Math.max(0, moved - presented), unheard: presented - 1 };
}
