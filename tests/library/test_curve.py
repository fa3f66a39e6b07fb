from __future__ import annotations

import csv
import io
import json
import wave
from pathlib import Path

import numpy as np
import pytest

import lipwright
from lipwright.speech.types import CHANNELS


@pytest.fixture(scope="module")
def curve(spoken_line: Path) -> lipwright.MouthCurve:
    return lipwright.mouth_curve(spoken_line, fps=30)


def test_a_curve_covers_the_speech_and_talks(curve: lipwright.MouthCurve) -> None:
    assert len(curve.times) == int(np.ceil(4.051 * 30))
    assert np.allclose(np.diff(curve.times), 1 / 30)
    assert curve.values.shape == (len(curve.times), 6)
    assert curve.values[:, 0].max() > 0.1
    assert not curve.values[curve.speaking == 0].any()


def test_samples_say_the_same_as_their_file(curve: lipwright.MouthCurve, spoken_line: Path) -> None:
    with wave.open(str(spoken_line)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        sound = lipwright.Sound(samples, file.getframerate())
    again = lipwright.mouth_curve(sound, fps=30)
    assert np.abs(again.values - curve.values).max() < 1e-3


def test_a_part_begins_at_its_own_zero(spoken_line: Path) -> None:
    part = lipwright.mouth_curve(spoken_line, fps=10, speech_start_ms=1000, speech_end_ms=1450)
    assert part.times.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_csv_and_json_hold_the_same(curve: lipwright.MouthCurve) -> None:
    rows = list(csv.DictReader(io.StringIO(lipwright.curve_to_csv(curve))))
    said = json.loads(json.dumps(lipwright.curve_to_dict(curve)))
    assert list(rows[0]) == ["time", *CHANNELS, "speaking"]
    assert len(rows) == len(said["times"]) == len(curve.times)
    for row, values, true in zip(rows, said["values"], curve.values, strict=True):
        assert [float(row[name]) for name in CHANNELS] == pytest.approx(values, abs=1e-5)
        assert values == pytest.approx(true.tolist(), abs=1e-5)
    assert "-0.00000" not in lipwright.curve_to_csv(curve)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"fps": 0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": 5000}, "fps"),
        ({"speech_start_ms": -1}, "speech_start"),
        ({"speech_start_ms": 4051}, "speech_start"),
        ({"speech_start_ms": 500, "speech_end_ms": 500}, "speech_end"),
        ({"speech_end_ms": 5000}, "speech_end"),
        ({"mouth_weights": "other"}, "mouth_weights"),
    ],
)
def test_refuses(options: dict[str, object], field: str, spoken_line: Path) -> None:
    with pytest.raises(lipwright.BadInputError) as caught:
        lipwright.mouth_curve(spoken_line, **options)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_the_weights_can_be_chosen(
    curve: lipwright.MouthCurve, spoken_line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIPWRIGHT_MOUTH_WEIGHTS", "other")
    best = lipwright.mouth_curve(spoken_line, fps=30, mouth_weights="best")
    assert np.array_equal(best.values, curve.values)
