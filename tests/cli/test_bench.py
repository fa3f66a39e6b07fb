from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.cli.app import run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nothing"], "nothing is none of ratios, line, stages"),
        (["--json", "nowhere/bench.json"], "there is no folder nowhere"),
        (["--report", "nowhere/bench.md"], "there is no folder nowhere"),
        (["--videos", "."], "there is no mp4 or mov file"),
        (["--rounds", "0"], "--rounds"),
    ],
)
def test_usage(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["bench", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_every_section_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    from lipwright.benchmark.results import SECTIONS

    assert run(["bench", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(section in said for section in SECTIONS)
