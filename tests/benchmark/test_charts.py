from __future__ import annotations

from xml.etree import ElementTree

from lipwright.benchmark.charts import Bar, Point, bars, curves, stacks

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def widths(plot: ElementTree.Element) -> list[float]:
    return [float(r.attrib["width"]) for r in plot.iter(f"{SVG}rect")][1:]


def test_bars_are_as_long_as_their_values() -> None:
    rows = [Bar("a < b", 2.0, 1.0, 3.0, 1.5), Bar("c", 1.0, 1.0, 1.0)]
    plot = drawn(bars("Times", rows, "times"))
    first, second = widths(plot)
    assert abs(first - 2 * second) < 0.2
    words = [text.text for text in plot.iter(f"{SVG}text")]
    assert "a < b" in words
    assert sum(path.get("class") == "aim" for path in plot.iter(f"{SVG}path")) == 1


def test_stacks_add_up() -> None:
    plot = drawn(stacks("Stages", {"sync": {"decode": 5.0, "other": 15.0}}, "ms"))
    decode, other, *legend = widths(plot)
    assert abs(other - 3 * decode) < 0.3
    assert len(legend) == 2
    assert "20" in [text.text for text in plot.iter(f"{SVG}text")]


def test_curves_begin_at_nothing() -> None:
    line = [Point(1.0, 2.0, 1.0, 3.0), Point(2.0, 4.0, 4.0, 4.0)]
    plot = drawn(curves("Growth", {"sync": line}, "faces", "s"))
    (x1, y1), (x2, y2) = [
        (float(c.attrib["cx"]), float(c.attrib["cy"])) for c in plot.iter(f"{SVG}circle")
    ]
    # Twice as far and twice as high: a line through both meets the corner of the axes.
    corner = 2 * x1 - x2, 2 * y1 - y2
    zero = next(t for t in plot.iter(f"{SVG}text") if t.text == "0")
    assert abs(corner[1] - (float(zero.attrib["y"]) - 4)) < 0.3


def test_what_is_nothing_can_be_drawn() -> None:
    drawn(bars("Nothing", [Bar("a", 0.0, 0.0, 0.0)], "s"))
