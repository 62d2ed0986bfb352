"""How plots look: colours and classes as CSS, for pages and for plots that leave their page."""

from __future__ import annotations

from typing import Final

# Eight colours that people who confuse red and green can tell apart, then those with a meaning.
COLOURS: Final = (
    "1", "2", "3", "4", "5", "6", "7", "8", "ink", "faint", "accent", "good", "warn", "bad",
    "color", "depth", "ir", "thermal", "sound", "arousal", "valence",
)  # fmt: skip
_LIGHT: Final = (
    "--s1: #4477aa; --s2: #cc6677; --s3: #228833; --s4: #aa7700; --s5: #66559c; --s6: #1b8a9b; "
    "--s7: #99456f; --s8: #6b6b6b; --arousal: #c4572a; --valence: #3a6ea5;"
)
_DARK: Final = (
    "--s1: #88b4e0; --s2: #ee99aa; --s3: #77c777; --s4: #ddbb55; --s5: #b3a3e6; --s6: #66cfe0; "
    "--s7: #dd8ab8; --s8: #b8b8b8; --arousal: #f0936b; --valence: #8ab8e6;"
)
# The house's own, as `taver.core.page` has them in the light.
_HOUSE: Final = (
    "--ink: #28282c; --faint: #55555c; --line: #dedcd6; --accent: #2a6f97; --good: #2f7d4f; "
    "--warn: #a15c00; --bad: #b04020; --color: #4c78a8; --depth: #59a14f; --ir: #8a6fb0; "
    "--thermal: #e07b39; --sound: #9c755f;"
)
_RULES: Final = """
.plot { display: block; max-width: 100%; height: auto; }
.plot text { fill: var(--faint); font: 12px system-ui, "Noto Sans", sans-serif; }
.plot text.said { fill: var(--ink); }
.plot .grid { stroke: var(--line); fill: none; } .plot .axis { stroke: var(--faint); fill: none; }
.plot .line { fill: none; stroke: var(--c); stroke-width: 1.4; stroke-linejoin: round;
  stroke-linecap: round; }
.plot .bold { stroke-width: 2.2; } .plot .dashed { stroke-dasharray: 5 4; }
.plot .fill { fill: var(--c); } .plot .dot { fill: var(--c); fill-opacity: .6; }
.plot .band { fill: var(--c); fill-opacity: .18; }
.plot .hover { fill: transparent; } .plot .hover:hover { fill: var(--ink); fill-opacity: .12; }
.plot .bar:hover, .plot .dot:hover { stroke: var(--ink); }
""" + "".join(
    f".plot .c-{name} {{ --c: var(--{'s' if name.isdigit() else ''}{name}); }}\n"
    for name in COLOURS
)
STYLE: Final = (
    f":root {{ {_LIGHT} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}\n{_RULES}"
)
ALONE: Final = f":root {{ {_HOUSE} {_LIGHT} }}\n{_RULES}"
