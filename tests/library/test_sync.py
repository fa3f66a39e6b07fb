from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lipwright
from lipwright.dubbing.types import Identification, Progress
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.library.cues import choose_face
from lipwright.media.audio import read_track
from lipwright.media.probe import probe


@pytest.fixture(scope="session")
def identification(portrait_clip: Path) -> Identification:
    return lipwright.identify(portrait_clip)


@pytest.fixture(scope="session")
def synced(
    portrait_clip: Path,
    spoken_line: Path,
    identification: Identification,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[lipwright.SyncResult, list[Progress]]:
    output = tmp_path_factory.mktemp("out") / "out.mp4"
    seen: list[Progress] = []
    result = lipwright.sync(
        portrait_clip, spoken_line, output, identification=identification, progress=seen.append
    )
    return result, seen


def test_identifies_the_portrait(identification: Identification) -> None:
    [face] = identification.faces
    assert face.start_ms == 0
    assert face.end_ms >= 2000
    assert face.image_jpeg.startswith(b"\xff\xd8")


def test_the_result_is_a_path_to_a_video_of_the_same_length(
    synced: tuple[lipwright.SyncResult, list[Progress]], portrait_clip: Path
) -> None:
    result, _ = synced
    assert Path(result) == result.path
    before, after = probe(portrait_clip), probe(Path(result))
    assert (after.width, after.height) == (before.width, before.height)
    assert after.frame_rate == before.frame_rate
    assert after.duration_ms == before.duration_ms == result.duration_ms
    assert result.frame_count == 50


def test_the_line_is_heard(synced: tuple[lipwright.SyncResult, list[Progress]]) -> None:
    track = read_track(synced[0].path, 16_000)
    assert track is not None
    assert float(np.abs(track).max()) > 0.1


def test_speech_longer_than_the_video_is_cut_and_that_is_said(
    synced: tuple[lipwright.SyncResult, list[Progress]],
) -> None:
    result, _ = synced
    assert (result.line.insert_ms, result.line.speech_end_ms) == (0, 2000)
    assert "cut at 2000 ms" in result.warnings[0]


def test_progress_grows_to_the_end(
    synced: tuple[lipwright.SyncResult, list[Progress]],
) -> None:
    fractions = [progress.fraction for progress in synced[1]]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert len(fractions) > 10


def test_by_default_the_result_lies_beside_the_video(
    portrait_clip: Path, spoken_line: Path, identification: Identification, tmp_path: Path
) -> None:
    video = Path(shutil.copy(portrait_clip, tmp_path / "me.mp4"))
    result = lipwright.sync(
        str(video),
        str(spoken_line),
        speech_end_ms=400,
        transcript="Whatever is said.",
        identification=identification,
    )
    assert result.line.transcript == "Whatever is said."
    assert result.path == tmp_path / "me-synced.mp4"
    assert result.path.is_file()
    assert result.warnings == ()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"face": "7"}, "face"),
        ({"at_ms": 2000}, "insert"),
        ({"at_ms": -1}, "insert"),
        ({"at_ms": 1500, "speech_end_ms": 2000}, "insert"),
        ({"speech_start_ms": 5000}, "speech_end"),
        ({"speech_end_ms": 9000}, "speech_end"),
        ({"speech_volume": 2.5}, "speech_volume"),
        ({"original_volume": -0.1}, "original_volume"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(
    options: dict[str, object],
    field: str,
    portrait_clip: Path,
    spoken_line: Path,
    identification: Identification,
    tmp_path: Path,
) -> None:
    with pytest.raises(lipwright.BadInputError) as caught:
        lipwright.sync(
            portrait_clip,
            spoken_line,
            tmp_path / "out.mp4",
            identification=identification,
            **options,  # type: ignore[arg-type]
        )
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_an_input_is_never_overwritten(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    video = Path(shutil.copy(portrait_clip, tmp_path))
    with pytest.raises(lipwright.BadInputError) as caught:
        lipwright.sync(video, spoken_line, video)
    assert caught.value.field == "output"
    assert video.read_bytes() == portrait_clip.read_bytes()


def test_a_missing_folder_is_said_before_the_work(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    with pytest.raises(lipwright.BadInputError, match="there is no folder"):
        lipwright.sync(portrait_clip, spoken_line, tmp_path / "nowhere" / "out.mp4")


def test_a_video_without_a_face_is_refused(
    faceless_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    assert lipwright.identify(faceless_clip).faces == ()
    with pytest.raises(lipwright.BadInputError) as caught:
        lipwright.sync(faceless_clip, spoken_line, tmp_path / "out.mp4")
    assert (caught.value.field, caught.value.reason) == ("video", "no_face")


def face(face_id: str, start_ms: int, end_ms: int, side: float) -> IdentifiedFace:
    box = Box(0.0, 0.0, side, side)
    return IdentifiedFace(face_id, start_ms, end_ms, b"", (FaceSample(start_ms, box),))


@pytest.mark.parametrize(
    ("faces", "face_id", "at_ms", "chosen"),
    [
        pytest.param(
            [face("0", 0, 2000, 100), face("1", 0, 2000, 200)], None, None, "1", id="largest"
        ),
        pytest.param(
            [face("0", 0, 400, 100), face("1", 800, 2000, 100)], None, None, "1", id="longest"
        ),
        pytest.param(
            [face("0", 0, 2000, 100), face("1", 1000, 2000, 200)], None, 500, "0", id="there"
        ),
        pytest.param(
            [face("0", 0, 400, 200), face("1", 1000, 2000, 100)], None, 900, "1", id="next"
        ),
        pytest.param(
            [face("0", 0, 2000, 200), face("1", 0, 2000, 100)], "1", None, "1", id="asked for"
        ),
    ],
)
def test_the_default_face(
    faces: Sequence[IdentifiedFace],
    face_id: str | None,
    at_ms: int | None,
    chosen: str,
    identification: Identification,
) -> None:
    found = replace(identification, faces=tuple(faces))
    assert choose_face(found, face_id, at_ms).face_id == chosen


def test_the_line_begins_where_the_face_does(
    portrait_clip: Path, spoken_line: Path, identification: Identification, tmp_path: Path
) -> None:
    late = replace(identification.faces[0], start_ms=800)
    result = lipwright.sync(
        portrait_clip,
        spoken_line,
        tmp_path / "out.mp4",
        face=0,
        identification=replace(identification, faces=(late,)),
    )
    assert (result.line.insert_ms, result.line.speech_end_ms) == (800, 1200)


def test_an_unknown_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = lipwright.nothing


def test_nothing_to_say(portrait_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(lipwright.BadInputError) as caught:
        lipwright.dub(portrait_clip, [], tmp_path / "out.mp4")
    assert (caught.value.field, caught.value.reason) == ("lines", "empty")
