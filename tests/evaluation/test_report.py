from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from lipwright.evaluation.report import page, write_report
from lipwright.evaluation.run import CaseResult

Results = dict[str, CaseResult]


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_loads_nothing(results: Results, tmp_path: Path) -> None:
    write_report(list(results.values()), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    sources = [attributes["src"] or "" for tag, attributes in tags.seen if "src" in attributes]
    assert len(sources) == 3 * 4 * 10
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in tags.seen}
    assert "url(" not in text
    assert "http" not in text


def test_every_case_has_a_plot_with_its_lines(results: Results) -> None:
    text = page(list(results.values()))
    assert text.count('<svg class="plot"') == 3
    assert text.count('class="true"') == 1
    assert text.count('class="rendered"') == text.count('class="wave"') == 3
    for path in re.findall(r'<path class="\w+" d="([^"]*)"', text):
        assert "nan" not in path


def test_tables_name_their_baselines_and_explain_their_metrics(results: Results) -> None:
    text = page(list(results.values()))
    for words in ("real clip", "doing nothing", "lips held shut", "speech model", "M-LMD"):
        assert words in text
    assert "does not hold" not in text
    assert "What the numbers mean" in text


def test_one_case_needs_no_medians(results: Results) -> None:
    text = page([results["silence"]])
    assert "Medians" not in text
    assert "<details class='case' open>" in text


def test_a_file_that_is_wrong_is_pointed_out(results: Results) -> None:
    result = results["silence"]
    wrong = replace(result, container=replace(result.container, frames=3))
    assert "something is wrong with the files of" in page([wrong])


def test_names_are_only_text(results: Results) -> None:
    result = results["silence"]
    sly = replace(result, case=replace(result.case, clip=Path("<script>.mp4")))
    assert "<script>" not in page([sly])
