from __future__ import annotations

import threading

import numpy as np
import pytest
from dubbing_clips import SPOKEN

from lipwright.dubbing import hearing
from lipwright.dubbing.hearing import Hearing, hear
from lipwright.dubbing.types import Line
from lipwright.errors import BadInputError


def line(start_ms=100, end_ms=900, insert_ms=0, face="0", speech=SPOKEN, transcript=""):
    return Line(face, speech, start_ms, end_ms, insert_ms, transcript=transcript)


def test_ahead_is_heard_what_is_heard_anyway():
    plain = hear(line())
    with Hearing() as ahead:
        ahead.begin([line()])
        said = ahead.said(line())
    assert np.array_equal(said.samples, plain.samples)
    assert said.heard.duration == plain.heard.duration == 0.8
    assert np.array_equal(said.heard.output.values, plain.heard.output.values)


def test_a_sound_is_listened_to_once_wherever_it_lies(monkeypatch):
    asked = []
    monkeypatch.setattr(hearing, "hear", lambda one: asked.append(one) or len(asked))
    with Hearing() as ahead:
        ahead.begin([line(), line(insert_ms=2_000, face="1"), line(end_ms=800)])
        assert ahead.said(line(insert_ms=7)) == 1
        assert ahead.said(line(end_ms=800)) == 2
        assert ahead.said(line(transcript="hello")) == 3
    assert len(asked) == 3


def test_whoever_asks_hears_what_is_wrong(tmp_path):
    no_sound = tmp_path / "line.wav"
    no_sound.write_bytes(b"nothing that could be heard")
    with Hearing() as ahead:
        ahead.begin([line(speech=no_sound), line()])
        with pytest.raises(BadInputError):
            ahead.said(line(speech=no_sound))
        assert ahead.said(line()).heard.output is not None


def test_it_ends_though_nobody_asked():
    before = threading.active_count()
    with Hearing() as ahead:
        ahead.begin([line(), line(end_ms=800), line(end_ms=700)])
    assert threading.active_count() == before
