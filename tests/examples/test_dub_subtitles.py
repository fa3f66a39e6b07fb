from __future__ import annotations

import importlib.util
import shutil
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from lipwright.dubbing.types import Identification
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.media.audio import read_track
from lipwright.media.probe import probe

SCRIPT = Path(__file__).parents[2] / "examples" / "dub_subtitles.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dub_subtitles", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dub_subtitles"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def speech(tmp_path: Path, spoken_line: Path) -> Callable[[str, int], Path]:
    """Cut a piece of the line into the folder of sounds."""
    folder = tmp_path / "sounds"
    folder.mkdir()

    def cut(name: str, length_ms: int) -> Path:
        with wave.open(str(spoken_line)) as source, wave.open(str(folder / name), "wb") as target:
            target.setparams(source.getparams())
            target.writeframes(source.readframes(source.getframerate() * length_ms // 1000))
        return folder / name

    return cut


TWO = """\ufeff1
00:00:00,100 --> 00:00:00,900
ANNA: The <i>quick</i> brown

2
00:00:01,000 --> 00:00:01,500 X1:40
- BEN:  fox jumps.
Over it.

3
0:00:01.5 --> 00:00:02,000
{\\an8}Time: nobody's.
"""


def test_subtitles_are_read(example: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(TWO.replace("\n", "\r\n").encode())
    read = example.read_srt(path)
    assert [(one.number, one.start_ms, one.end_ms) for one in read] == [
        (1, 100, 900),
        (2, 1000, 1500),
        (3, 1500, 2000),
    ]
    assert [(one.speaker, one.text) for one in read] == [
        ("ANNA", "The quick brown"),
        ("BEN", "fox jumps. Over it."),
        ("Time", "nobody's."),
    ]
    path.write_text("WEBVTT\n\nhello")
    with pytest.raises(ValueError, match="no subtitle"):
        example.read_srt(path)


@pytest.fixture
def two_people(portrait_clip: Path) -> Identification:
    """As if two faces had been found, the second of them twice."""
    places = ((0, 2000), (0, 1000), (1200, 2000))
    faces = tuple(
        IdentifiedFace(str(index), start, end, b"", (FaceSample(start, Box(0, 0, 9, 9)),))
        for index, (start, end) in enumerate(places)
    )
    return Identification(probe(portrait_clip), faces)


def test_speakers_get_their_faces_and_sounds_end_where_the_next_begins(
    example: ModuleType,
    tmp_path: Path,
    two_people: Identification,
    speech: Callable[[str, int], Path],
) -> None:
    srt = tmp_path / "a.srt"
    srt.write_text(TWO.replace("{\\an8}Time: nobody's.", "BEN: Yes."))
    who = tmp_path / "who.csv"
    who.write_text("speaker,face\nANNA,0\nBEN,1 2\n")
    speech("1.wav", 1500)
    speech("002.wav", 700)
    speech("3.wav", 400)
    cues, warnings = example.cues_of(
        example.read_srt(srt), tmp_path / "sounds", two_people, example.read_speakers(who)
    )
    assert [(cue.face, cue.at_ms, cue.speech_end_ms) for cue in cues] == [
        ("0", 100, 1500),
        ("2", 1000, 500),
        ("2", 1500, 400),
    ]
    assert warnings == ["subtitle 2: 002.wav is cut at 500 ms of 700 ms"]


@pytest.mark.parametrize(
    ("csv", "why"),
    [
        ("", "who is who"),
        ("speaker,face\nANNA,0\n", "who is BEN"),
        ("speaker,face\nANNA,0\nBEN,7\nTime,0\n", "no face 7"),
        ("speaker,face\nANNA,0\nBEN,1\nTime,0\n", "no sound for subtitle 1"),
        ("name,face\nANNA,0\n", "columns"),
    ],
)
def test_what_is_missing_is_said(
    example: ModuleType, tmp_path: Path, two_people: Identification, csv: str, why: str
) -> None:
    (tmp_path / "a.srt").write_text(TWO)
    (tmp_path / "who.csv").write_text(csv)
    (tmp_path / "sounds").mkdir()
    with pytest.raises(ValueError, match=why):
        example.cues_of(
            example.read_srt(tmp_path / "a.srt"),
            tmp_path / "sounds",
            two_people,
            example.read_speakers(tmp_path / "who.csv") if csv else {},
        )


@pytest.fixture(scope="session")
def two_shot(portrait_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people beside each other: the portrait, and its mirror image."""
    path = tmp_path_factory.mktemp("clips") / "two.mp4"
    with av.open(str(portrait_clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 960, 480, "yuv420p"
        for frame in source.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            both = np.ascontiguousarray(np.hstack([picture, picture[:, ::-1]]))
            target.mux(stream.encode(av.VideoFrame.from_ndarray(both, format="rgb24")))
        target.mux(stream.encode(None))
    return path


def test_two_people_are_dubbed(
    example: ModuleType,
    tmp_path: Path,
    two_shot: Path,
    speech: Callable[[str, int], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = shutil.copy(two_shot, tmp_path / "talk.mp4")
    (tmp_path / "a.srt").write_text(TWO.rpartition("\n3\n")[0])
    (tmp_path / "who.csv").write_text("speaker,face\nANNA,0\nBEN,1\n")
    speech("1.wav", 800)
    speech("2.wav", 1500)
    options = [str(tmp_path / "a.srt"), str(tmp_path / "sounds"), str(tmp_path / "out.mp4")]
    code = example.main([str(video), *options, "--speakers", str(tmp_path / "who.csv")])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert said.out.splitlines() == [
        "0.10 s  face 0  The quick brown",
        "1.00 s  face 1  fox jumps. Over it.",
        str(tmp_path / "out.mp4"),
    ]
    assert "2.wav is cut at 1000 ms of 1500 ms" in said.err
    assert probe(tmp_path / "out.mp4").duration_ms == 2000
    track = read_track(tmp_path / "out.mp4", 16_000)
    assert track is not None
    loud = np.abs(track).reshape(-1, track.shape[-1] if track.ndim > 1 else 1).max(1)
    assert loud[:1000].max() < 0.01
    assert loud[2000:14000].max() > 0.1
    assert loud[17000:31000].max() > 0.1
    code = example.main([str(video), *options])
    assert code == 2
    assert "who is who" in capsys.readouterr().err
