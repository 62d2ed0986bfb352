"""How all of capture's pages look: one sheet, light or dark as the reader's system is."""

from __future__ import annotations

from typing import Final

SHEET: Final = """
:root {
  color-scheme: light dark;
  --paper: #faf9f7; --card: #ffffff; --ink: #26262b; --faint: #63636d; --line: #dddbd5;
  --mark: #0b6b8a; --marked: #e3f2f6; --warn: #8a4b00; --warned: #fdf1de; --bad: #a32020;
  --good: #1d6b3a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17181c; --card: #202228; --ink: #e8e7e3; --faint: #a3a3ad; --line: #3a3c44;
    --mark: #6cc4de; --marked: #173540; --warn: #f0b867; --warned: #3a2c14; --bad: #ff8f85;
    --good: #7fd39b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 1rem 1.25rem 2.5rem; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
p { margin: .3rem 0; }
small, .faint { color: var(--faint); font-size: .875rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 500; font-size: .875rem; }
td.n, th.n { text-align: right; }
"""
