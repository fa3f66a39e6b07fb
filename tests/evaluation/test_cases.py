from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.errors import BadInputError
from lipwright.evaluation.cases import DEVELOPMENT_SET, Kind, read_cases


def written(path: Path, text: str) -> Path:
    path = path / "cases.toml"
    path.write_text(text)
    return path


def test_lists_become_every_combination(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [defaults]
        transcript = "what is said"
        [[case]]
        kind = "speech"
        clip = ["a.mp4", "b.mp4"]
        speech = ["x.wav", "y.wav"]
        speech_start_ms = 500
        """,
    )
    cases = read_cases(path)
    assert [case.name for case in cases] == ["a + x", "a + y", "b + x", "b + y"]
    assert cases[0].clip == tmp_path / "a.mp4"
    assert cases[0].speech == str(tmp_path / "x.wav")
    assert {case.speech_start_ms for case in cases} == {500}
    assert {case.transcript for case in cases} == {"what is said"}


def test_silence_comes_in_two_kinds(tmp_path: Path) -> None:
    path = written(tmp_path, '[[case]]\nkind = "silence"\nclip = "a.mp4"\n')
    assert [case.speech for case in read_cases(path)] == ["digital", "room tone"]


def test_media_may_lie_elsewhere_and_the_engine_be_another(tmp_path: Path) -> None:
    path = written(tmp_path, '[[case]]\nkind = "revoice"\nclip = "a.mp4"\noffset_ms = 0\n')
    [case] = read_cases(path, Path("/media"), engine="other")
    assert (case.clip, case.engine, case.offset_ms) == (Path("/media/a.mp4"), "other", 0)
    assert case.name == "a (other)"


def test_the_development_set_is_whole_and_keeps_out_whom_the_network_knows() -> None:
    cases = read_cases(DEVELOPMENT_SET, Path("media"))
    assert {case.kind for case in cases} == set(Kind)
    grid = [c for c in cases if c.kind is Kind.REVOICE and c.clip.name.startswith("grid")]
    assert len(grid) == 10
    assert {case.offset_ms for case in grid} == {0}
    assert not any("bbaf2n" in case.clip.name for case in cases)


def test_settings_count_for_a_case(tmp_path: Path) -> None:
    table = '[[case]]\nkind = "revoice"\nclip = "a.mp4"\nsettings = { mouth_weights = "clean" }\n'
    [case] = read_cases(written(tmp_path, table))
    assert case.settings == {"mouth_weights": "clean"}
    assert case.name == "a (mouth_weights clean)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one"),
        ("case = 3", "at least one"),
        ("[[case]", "not TOML"),
        ('[[case]]\nkind = "sing"\nclip = "a.mp4"', "kind must be one of"),
        ('[[case]]\nkind = "revoice"', "clip must be a file name"),
        ('[[case]]\nkind = "revoice"\nclip = "a.mp4"\nspeech = "b.wav"', "its own sound"),
        ('[[case]]\nkind = "speech"\nclip = "a.mp4"', "speech must be a file name"),
        ('[[case]]\nkind = "silence"\nclip = "a.mp4"\nspeech = "loud"', "loud"),
        ('[[case]]\nkind = "revoice"\nclip = "a.mp4"\nend_ms = "1"', "end_ms"),
        ('[[case]]\nkind = "revoice"\nclip = "a.mp4"\nsettings = { a = 1 }', "must be texts"),
        ('[[case]]\nkind = "revoice"\nclip = "a.mp4"\ncolour = 1', "colour"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=said) as caught:
        read_cases(written(tmp_path, text))
    assert caught.value.field == "cases"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        read_cases(tmp_path / "nothing.toml")
