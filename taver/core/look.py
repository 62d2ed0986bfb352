"""The colours and letters of every page of taver, in the reader's choice of light or dark."""

from typing import Final

# The colours of the modalities are the same in every plot, page and terminal of taver.
PALETTE: Final = """
:root { color-scheme: light dark; --paper: #faf9f7; --card: #ffffff; --ink: #28282c;
  --faint: #66666e; --line: #dedcd6; --accent: #2a6f97; --accent-soft: #e3eff6; --good: #2f7d4f;
  --warn: #8f5200; --warn-soft: #fdf1de; --bad: #b04020; --color: #4c78a8; --depth: #59a14f;
  --ir: #8a6fb0; --thermal: #e07b39; --sound: #9c755f; }
@media (prefers-color-scheme: dark) { :root { --paper: #17181b; --card: #1f2125;
  --ink: #e6e4df; --faint: #a09ea0; --line: #35373d; --accent: #7ab8dd; --accent-soft: #17313f;
  --good: #7cc79a; --warn: #e5b567; --warn-soft: #3a2c14; --bad: #f0876a; --color: #86b0dc;
  --depth: #8cd17d; --ir: #b9a2dd; --thermal: #f2a566; --sound: #c9a58f; } }
"""
LETTERS: Final = """
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.faint, small { color: var(--faint); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; }
.right { text-align: right; }
"""
# Of the pages that are open while something goes on: they use the whole window.
LIVE: Final = (
    PALETTE
    + LETTERS
    + """
body { margin: 0; }
main { max-width: 76rem; margin: 0 auto; padding: 1rem 1.25rem 2.5rem; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
p { margin: .3rem 0; }
table { width: 100%; }
"""
)
