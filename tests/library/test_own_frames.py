from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

import lipwright
from lipwright.library.pictures import TimedFrame


@pytest.fixture(scope="module")
def line(spoken_line: Path) -> lipwright.Sound:
    with wave.open(str(spoken_line)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return lipwright.Sound(samples, file.getframerate())


def test_frames_and_sound_go_in_and_come_out(
    portrait_frames: list[TimedFrame], line: lipwright.Sound
) -> None:
    steps: list[lipwright.Progress] = []
    hum = lipwright.Sound(np.full(96_000, 0.01), 48_000)
    dubbed = lipwright.dub_frames(
        iter(portrait_frames),
        [lipwright.Cue(line, at_ms=1000, speech_end_ms=800)],
        sound=hum,
        progress=steps.append,
    )
    frames = list(dubbed.frames)
    assert [time for time, _ in frames] == [time for time, _ in portrait_frames]
    changed = [
        np.abs(new.astype(int) - old).max()
        for (_, new), (_, old) in zip(frames, portrait_frames, strict=True)
    ]
    # The line is said from second 1 to 1.8: frames 25 to 44. Nothing else is touched.
    assert max(changed[:24]) == max(changed[46:]) == 0
    assert np.median(changed[27:43]) > 30
    new, old = frames[34][1].astype(int), portrait_frames[34][1]
    rows, columns = np.nonzero(np.abs(new - old).max(2))
    assert rows.min() > 150
    assert (rows.max() - rows.min(), columns.max() - columns.min()) < (260, 260)

    assert dubbed.sound.samples.shape == (96_000, 2)
    before, while_ = dubbed.sound.samples[:48_000], dubbed.sound.samples[48_000:86_400]
    assert np.abs(before - 0.01).max() < 1e-6
    assert np.abs(while_).max() > 0.1
    assert (dubbed.lines[0].insert_ms, dubbed.lines[0].speech_end_ms) == (1000, 800)
    assert dubbed.warnings == ()
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0

    # The same again, knowing the faces, from a list, gives the same pictures.
    again = lipwright.dub_frames(
        portrait_frames,
        [lipwright.Cue(line, at_ms=1000, speech_end_ms=800)],
        identification=dubbed.identification,
    )
    assert np.array_equal(list(again.frames)[34][1], frames[34][1])


def test_faces_of_frames_are_those_of_the_video(
    portrait_frames: list[TimedFrame], portrait_clip: Path
) -> None:
    [found] = lipwright.identify_frames(portrait_frames).faces
    [known] = lipwright.identify(portrait_clip).faces
    assert (found.start_ms, found.end_ms) == (known.start_ms, known.end_ms)
    boxes = [face.samples[0].box for face in (found, known)]
    assert boxes[0].x0 == pytest.approx(boxes[1].x0, abs=4)


@pytest.mark.parametrize(
    ("cues", "options", "field"),
    [
        ([], {}, "lines"),
        ([lipwright.Cue("none.wav")], {"original_volume": 3.0}, "original_volume"),
        ([lipwright.Cue("none.wav")], {"engine": "other"}, "engine"),
    ],
)
def test_refuses_before_reading_anything(
    cues: list[lipwright.Cue], options: dict[str, object], field: str
) -> None:
    def frames() -> list[TimedFrame]:
        raise AssertionError("nobody may read these")

    with pytest.raises(lipwright.BadInputError) as caught:
        lipwright.dub_frames(frames, cues, **options)  # type: ignore[arg-type]
    assert caught.value.field == field
