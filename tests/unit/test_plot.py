"""Plots: well-formed, honest about gaps, readable aloud and by pointing, safe, without style."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from taver.core import page, plot
from taver.core.plot import Axis, Band, Bars, Dots, Line, Rule

SVG = "{http://www.w3.org/2000/svg}"
NAN = float("nan")


def parsed(svg):
    return ET.fromstring(svg)


def drawn(*shapes, x=None, y=None, **more):
    return plot.drawn(shapes, x, y, told="a plot", **more)


def titles(svg):
    return [title.text for title in parsed(svg).iter(f"{SVG}title")]


def test_every_shape_is_drawn_and_the_whole_is_read_aloud():
    svg = drawn(
        Line("line", [0, 1, 2], [0, 1, 0], "arousal"),
        Dots("dots", [0, 1], [1, 1], "2"),
        Bars("bars", [0, 1], [1, 2], [1, -1]),
        Band("band", [0, 1, 2], [0, 0, 0], [1, 1, 1]),
        Rule(0.5, "rule"),
        Rule(0.5, upright=True),
    )
    root = parsed(svg)
    assert root.get("aria-label") == "a plot"
    assert len(root.findall(f".//{SVG}circle")) == 2
    assert {"line", "dots", "bars", "band", "rule"} <= {t.text for t in root.iter(f"{SVG}text")}


def test_no_look_is_inline_so_that_a_strict_page_may_show_it():
    svg = drawn(Line("a", [0, 1], [0, 1]), Rule(0))
    assert "style" not in svg
    assert all(f".c-{name} " in plot.STYLE for name in plot.COLOURS)


@pytest.mark.parametrize("value", [NAN, math.inf])
def test_a_line_stops_where_there_is_no_value(value):
    svg = drawn(Line("a", range(5), [1, 2, value, 3, 4]))
    (way,) = re.findall(r'class="line[^"]*" d="([^"]*)"', svg)
    assert way.count("M") == 2


def test_a_long_line_keeps_its_peaks_and_its_gaps():
    values = np.zeros(50_000)
    values[12_345], values[30_000] = 7.0, NAN
    svg = drawn(Line("a", range(50_000), values), y=Axis(low=0, high=7))
    (way,) = re.findall(r'class="line[^"]*" d="([^"]*)"', svg)
    top = float(parsed(svg).get("data-frame").split()[2])
    assert f" {top:.1f}" in way
    assert way.count("M") == 2
    assert len(svg) < 150_000


def test_values_can_be_pointed_at():
    svg = drawn(
        Line("rater", [0, 10], [3.0, 4.5]), Bars("n", [0], [1], [12.0]), x=Axis("time", unit=" s")
    )
    assert any("rater: 3" in title and "time" in title for title in titles(svg))
    assert "n: 12" in titles(svg)


def test_a_histogram_counts_every_value_between_its_edges_once():
    bars = plot.histogram("h", [0, 1, 1.5, 2, NAN, 9], [0, 1, 2], share=False)
    assert bars.heights == [1, 3]
    assert plot.histogram("h", [], [0, 1]).heights == [0.0]


def test_counts_of_nothing_stand_on_zero_and_go_not_below():
    drawn = plot.drawn([plot.histogram("x", [], [0, 1, 2])], Axis(), Axis("frames"), told="none")
    assert "-0." not in re.sub(r"<[^>]*>", " ", drawn)


def test_names_along_an_axis_are_text_and_not_markup():
    svg = drawn(plot.columns('<b>&"', [1, 2]), x=Axis(names=["<i>", "s02"]))
    assert "<b>" not in svg
    assert "<i>" not in svg
    parsed(svg)


@pytest.mark.parametrize(
    "values", [[], [NAN], [0.0], [5.0, 5.0], [1e-9, 2e-9], [1e12, -1e12], [-3.0, 1e6]]
)
def test_any_values_can_be_drawn(values):
    svg = drawn(
        Line("a", range(len(values)), values), Dots("b", range(len(values)), values),
        plot.columns("c", values),
    )  # fmt: skip
    parsed(svg)
    assert "nan" not in svg.replace("naming", "")
    assert "inf" not in svg


def test_what_lies_beyond_an_end_is_drawn_at_it():
    svg = drawn(Dots("a", [0, 99], [0, 99]), x=Axis(low=0, high=1), y=Axis(low=0, high=1))
    left, right, top, bottom = (float(v) for v in parsed(svg).get("data-frame").split())
    for dot in parsed(svg).iter(f"{SVG}circle"):
        assert left <= float(dot.get("cx")) <= right
        assert top <= float(dot.get("cy")) <= bottom


def test_names_that_are_too_long_slant_and_none_covers_another():
    names = [f"s{n:02}-interview" for n in range(1, 31)]
    svg = drawn(plot.columns("frames", range(30)), x=Axis(names=names))
    slanted = [text for text in parsed(svg).iter(f"{SVG}text") if text.get("transform")]
    places = [float(text.get("x")) for text in slanted]
    assert len(places) >= 15
    assert min(np.diff(places)) >= 19
    few = drawn(plot.columns("frames", range(3)), x=Axis(names=["a", "b", "c"]))
    assert "rotate" not in few
    assert "s07-interview, frames: 6" in titles(svg)


def test_unequal_lengths_are_a_programmers_error():
    with pytest.raises(ValueError, match="zip"):
        drawn(Line("a", [0, 1], [0]))


def test_a_plot_that_leaves_its_page_brings_its_look_along():
    alone = plot.standalone(drawn(Line("a", [0, 1], [0, 1])))
    root = parsed(alone)
    assert "--ink" in root.find(f"{SVG}style").text
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", alone))
    assert all(f"{name}:" in alone for name in used)


def test_pages_bring_the_look_of_plots():
    whole = page.page("Plots", page.drawing(drawn(Rule(1)), "a rule"))
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", plot.STYLE))
    assert all(f"{name}:" in whole for name in used)
