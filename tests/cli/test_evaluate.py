from __future__ import annotations

import json
from pathlib import Path

import pytest

import lipwright
from lipwright.cli.app import run


@pytest.fixture(scope="module")
def output(
    portrait_clip: Path, spoken_line: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("eval") / "out.mp4"
    lipwright.sync(portrait_clip, spoken_line, path, speech_end_ms=2000)
    return path


def test_one_finished_output(
    portrait_clip: Path,
    spoken_line: Path,
    output: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report, numbers = tmp_path / "report.html", tmp_path / "out.json"
    command = ["eval", str(portrait_clip), str(output), "--speech", str(spoken_line)]
    assert run([*command, "--report", str(report), "--json", str(numbers)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("speech: portrait + line")
    assert "r to curve" in said
    assert report.read_text().startswith("<!doctype html>")
    [case] = json.loads(numbers.read_text())["cases"]
    assert case["rows"]["output"]["follow_r"] > 0.9


def test_a_set_of_cases(
    portrait_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.toml"
    cases.write_text(
        f'[[case]]\nkind = "silence"\nclip = "{portrait_clip.name}"\nend_ms = 600\n'
        '[[case]]\nkind = "revoice"\nclip = "nothing.mp4"\n'
    )
    command = ["eval", "--cases", str(cases), "--media", str(portrait_clip.parent), "--quick"]
    assert run([*command, "--only", "digital", "--keep", str(tmp_path / "kept")]) == 0
    assert "silence: portrait + digital" in capsys.readouterr().out
    assert len(list((tmp_path / "kept").glob("*-silence-*.mp4"))) == 1
    assert run([*command, "--only", "revoice"]) == 1
    assert "revoice nothing is left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["{clip}"], ["{clip}", "{clip}", "--cases", "development"], ["--cases", "none.toml"]],
)
def test_usage(
    arguments: list[str], portrait_clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", *(a.format(clip=portrait_clip) for a in arguments)]) == 2
    assert capsys.readouterr().err.startswith("lipwright: ")
