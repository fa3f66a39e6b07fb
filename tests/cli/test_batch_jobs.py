from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.cli.batch_jobs import pairs_in, read_jobs
from lipwright.errors import BadInputError


def table(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "jobs.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_a_row_says_everything(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("What is said.")
    path = table(
        tmp_path,
        "video,speech,output,face,at_ms,speech_start_ms,speech_end_ms,speech_volume,"
        "original_volume,transcript,engine\n"
        'a.mp4,b.wav,out/c.mp4,1,500,10,900,0.5,0,"Yes, so it is.",mesh\n'
        "\n"
        "a.mp4,b.wav,,,,,,,,@words.txt,\n",
    )
    full, sparse = read_jobs(path, None, {})
    assert (full.video, full.speech) == (tmp_path / "a.mp4", tmp_path / "b.wav")
    assert full.output == tmp_path / "out" / "c.mp4"
    assert full.options == {
        "face": "1",
        "at_ms": 500,
        "speech_start_ms": 10,
        "speech_end_ms": 900,
        "speech_volume": 0.5,
        "original_volume": 0.0,
        "transcript": "Yes, so it is.",
        "engine": "mesh",
    }
    assert (full.name, full.problem) == ("line 2", "")
    assert sparse.output == tmp_path / "a-synced.mp4"
    assert sparse.options == {"transcript": "What is said."}
    assert (sparse.name, sparse.problem) == ("line 4", "")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_spreadsheets_of_other_countries(tmp_path: Path, delimiter: str) -> None:
    text = f"Video{delimiter} SPEECH\r\na.mp4{delimiter}b.wav\r\n"
    [job] = read_jobs(table(tmp_path, text, encoding="utf-8-sig"), None, {})
    assert (job.video.name, job.speech.name) == ("a.mp4", "b.wav")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column 'video'"),
        ("video\na.mp4\n", "no column 'speech'"),
        ("video,speech,where\na,b,c\n", "unknown column 'where'"),
    ],
)
def test_what_is_no_list(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        read_jobs(table(tmp_path, text), None, {})


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_jobs(path, None, {})


def test_a_bad_row_spoils_no_other(tmp_path: Path) -> None:
    rows = (
        "video,speech,at_ms,transcript",
        "a.mp4,x.wav,soon,",
        ",x.wav,,",
        "b.mp4,x.wav,,,,too,many",
        "c.mp4,x.wav,,@none.txt",
        "d.mp4,x.wav,,",
    )
    jobs = read_jobs(table(tmp_path, "\n".join(rows)), None, {})
    problems = [job.problem for job in jobs]
    assert "soon" in problems[0]
    assert problems[1] == "video is empty"
    assert "more cells" in problems[2]
    assert "none.txt" in problems[3]
    assert problems[4] == ""


def test_no_result_is_written_twice_or_over_an_input(tmp_path: Path) -> None:
    text = "video,speech,output\na.mp4,x.wav,r.mp4\nb.mp4,x.wav,r.mp4\nc.mp4,x.wav,a.mp4\n"
    first, second, third = read_jobs(table(tmp_path, text), None, {})
    assert first.problem == ""
    assert second.problem == "its result r.mp4 is that of line 2, too"
    assert third.problem == "its result a.mp4 would overwrite an input"


def test_a_folder_is_pairs_of_one_name(tmp_path: Path) -> None:
    for name in (
        *("a.mp4", "a.wav", "a.txt", "b.MOV", "b.mp3", "two.mp4", "two.wav", "two.m4a"),
        *("lonely.mp4", "song.wav", "a-synced.mp4", "a-synced.wav", ".c.mp4", ".c.wav"),
    ):
        (tmp_path / name).write_text("What is said.")
    a, b, two = pairs_in(tmp_path, tmp_path / "out")
    assert (a.name, a.video.name, a.speech.name) == ("a", "a.mp4", "a.wav")
    assert a.options == {"transcript": "What is said."}
    assert a.output == tmp_path / "out" / "a-synced.mp4"
    assert (b.video.name, b.speech.name, b.options) == ("b.MOV", "b.mp3", {})
    assert "two.m4a, two.mp4, two.wav" in two.problem


def test_a_rows_word_beats_the_commands(tmp_path: Path) -> None:
    path = table(tmp_path, "video,speech,engine\na.mp4,x.wav,other\nb.mp4,x.wav,\n")
    first, second = read_jobs(path, None, {"engine": "mesh", "speech_volume": 0.5})
    assert first.options == {"engine": "other", "speech_volume": 0.5}
    assert second.options == {"engine": "mesh", "speech_volume": 0.5}
