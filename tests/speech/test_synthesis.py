"""Text-to-speech engines from a package that is really installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lipwright.errors import BadInputError, FailedError
from lipwright.media.audio import probe_sound
from lipwright.speech import synthesis
from lipwright.speech.synthesis import SpeechText, engine_names, load_speech_engine, speak

sys.path.insert(0, str(Path(__file__).parents[1]))

from plugins import install

ROBOT = """
import wave

from lipwright.errors import BadInputError


class Robot:
    made = 0

    def __init__(self):
        Robot.made += 1

    def speak(self, request, output):
        if request.voice == "nobody":
            raise BadInputError("voice", "bad_value", "there is no such voice")
        if request.voice == "broken":
            raise OSError("/secret")
        if request.voice == "silent":
            return
        with wave.open(str(output), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(b"\\0\\1" * round(1600 * len(request.text) / request.speed))


def unloadable():
    raise RuntimeError("no model")
"""


@pytest.fixture
def robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    points = "robot=robot_voices:Robot\nzombie=robot_voices:unloadable"
    install(tmp_path, monkeypatch, "robot_voices", ROBOT, synthesis.GROUP, points)
    synthesis._loaded.cache_clear()
    yield
    synthesis._loaded.cache_clear()


def test_there_is_none_of_our_own() -> None:
    assert engine_names() == []
    assert load_speech_engine() is None
    assert load_speech_engine("robot") is None


@pytest.mark.usefixtures("robot")
def test_a_registered_one_is_found_and_speaks(tmp_path: Path) -> None:
    assert engine_names() == ["robot", "zombie"]
    engine = load_speech_engine()
    assert engine is not None
    assert engine is load_speech_engine("robot")
    speak(engine, SpeechText("hello, you out there", speed=2.0), tmp_path / "said.wav")
    info = probe_sound(tmp_path / "said.wav")
    assert (info.format, info.duration_ms) == ("wav", 1000)


@pytest.mark.usefixtures("robot")
def test_what_it_refuses_is_bad_input(tmp_path: Path) -> None:
    engine = load_speech_engine("robot")
    assert engine is not None
    with pytest.raises(BadInputError, match="no such voice"):
        speak(engine, SpeechText("hello", voice="nobody"), tmp_path / "said.wav")


@pytest.mark.usefixtures("robot")
@pytest.mark.parametrize("voice", ["broken", "silent"])
def test_its_failures_are_ours_and_tell_no_secrets(tmp_path: Path, voice: str) -> None:
    engine = load_speech_engine("robot")
    assert engine is not None
    with pytest.raises(FailedError) as caught:
        speak(engine, SpeechText("hello", voice=voice), tmp_path / "said.wav")
    assert caught.value.reason == "voice_failed"
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("robot")
def test_one_that_cannot_be_loaded_is_a_failure() -> None:
    with pytest.raises(FailedError, match="zombie cannot be loaded"):
        load_speech_engine("zombie")
    assert load_speech_engine("nobody") is None
