"""The corpus of bad sounds: each a name and the file's bytes."""

from __future__ import annotations

import io
import random
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from boxes import with_content

Case = tuple[str, bytes]
SEED = 21


def wav(rate: int = 16000, channels: int = 1, seconds: float = 3) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, rate, 0, "NONE", ""))
        tone = np.sin(np.arange(int(rate * seconds)) / 9) * 5000
        out.writeframes(np.repeat(tone.astype("<i2"), channels).tobytes())
    return file.getvalue()


def coded(folder: Path, codec: str, format: str, seconds: float = 3, loud: float = 0.2) -> bytes:
    path = folder / "song"
    with av.open(str(path), "w", format=format) as out:
        stream = out.add_stream(codec, rate=48000)
        stream.layout = "mono"
        stream.bit_rate = 32000
        context = stream.codec_context
        context.open(strict=False)
        tone = (np.sin(np.arange(int(48000 * seconds)) / 30) * loud).astype("f4")
        size = context.frame_size or 1024
        for at in range(0, len(tone) - size, size):
            block = tone[None, at : at + size]
            kind = context.format.name[:3]
            if kind in ("s16", "s32"):
                block = (block * 2.0 ** (int(kind[1:]) - 1)).astype(f"i{int(kind[1:]) // 8}")
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(block), context.format.name, "mono"
            )
            frame.sample_rate, frame.pts = 48000, at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


def good(folder: Path) -> dict[str, bytes]:
    return {
        "wav": wav(),
        "mp3": coded(folder, "libmp3lame", "mp3"),
        "m4a": coded(folder, "aac", "ipod"),
        "aac": coded(folder, "aac", "adts"),
    }


def damaged(folder: Path) -> Iterator[Case]:
    chance = random.Random(SEED)
    for name, content in good(folder).items():
        for part in range(5):
            yield f"cut-{name}-{part}", content[: len(content) * (2 * part + 1) // 10]
        for number in range(6):
            bad = bytearray(content)
            end = len(bad) if number % 2 else min(len(bad), 400)
            for _ in range(3 ** (number % 3 + 1)):
                bad[chance.randrange(end)] ^= 1 << chance.randrange(8)
            yield f"flip-{name}-{number}", bytes(bad)


def lying_heads(folder: Path) -> Iterator[Case]:
    song = wav()
    for name, at, value in (
        ("rate-0", 24, struct.pack("<I", 0)),
        ("rate-1", 24, struct.pack("<I", 1)),
        ("rate-4-billion", 24, struct.pack("<I", 0xFFFFFFFF)),
        ("channels-0", 22, struct.pack("<H", 0)),
        ("channels-255", 22, struct.pack("<H", 255)),
        ("channels-65535", 22, struct.pack("<H", 65535)),
        ("bits-0", 34, struct.pack("<H", 0)),
        ("bits-64", 34, struct.pack("<H", 64)),
        ("bits-65535", 34, struct.pack("<H", 65535)),
        ("format-0", 20, struct.pack("<H", 0)),
        ("format-mp3", 20, struct.pack("<H", 0x55)),
        ("format-float", 20, struct.pack("<H", 3)),
        ("block-0", 32, struct.pack("<H", 0)),
        ("size-4-billion", 40, struct.pack("<I", 0xFFFFFFFF)),
        ("size-0", 40, struct.pack("<I", 0)),
        ("chunk-endless", 16, struct.pack("<I", 0xFFFFFFF0)),
    ):
        yield f"wav-{name}", song[:at] + value + song[at + len(value) :]
    tag = b"ID3\x04\0\0" + bytes([0x7F] * 4)
    yield "tag-endless", tag + coded(folder, "libmp3lame", "mp3")
    yield "tags-many", b"ID3\x04\0\0\0\0\0\0" * 100_000 + coded(folder, "libmp3lame", "mp3")
    yield "tag-only", b"ID3\x04\0\0\0\0\x01\0" + bytes(128)
    m4a = coded(folder, "aac", "ipod")
    yield "m4a-no-samples", with_content(m4a, b"stsz", struct.pack(">III", 0, 0, 0))
    yield "m4a-endless", with_content(m4a, b"stts", struct.pack(">IIII", 0, 1, 2**32 - 1, 2**31))
    yield "m4a-a-billion", with_content(m4a, b"stsz", struct.pack(">III", 0, 1, 2**30))


def bombs(folder: Path) -> Iterator[Case]:
    """Small files of hours of sound, all under 5 MB."""
    frames = coded(folder, "aac", "adts", loud=0.0)
    length = (frames[3] & 3) << 11 | frames[4] << 3 | frames[5] >> 5
    last = frames[-length * 2 :]
    at = last.index(b"\xff\xf1")
    size = (last[at + 3] & 3) << 11 | last[at + 4] << 3 | last[at + 5] >> 5
    silence = last[at : at + size]
    yield "aac-hours", silence * (4_900_000 // len(silence))
    silent_mp3 = coded(folder, "libmp3lame", "mp3", loud=0.0)
    yield "mp3-hours", silent_mp3 * (4_900_000 // len(silent_mp3))
    yield "wav-slow", wav(rate=1000, seconds=2400)
    yield "wav-one-bit-of-everything", wav(rate=8000, seconds=300)


def others(folder: Path, url: str, file: Path) -> Iterator[Case]:
    for name, target in (("url", url), ("file", str(file))):
        yield f"hls-{name}", f"#EXTM3U\n#EXTINF:3,\n{target}\n".encode()
        yield f"concat-{name}", f"ffconcat version 1.0\nfile '{target}'\n".encode()
        yield f"pls-{name}", f"[playlist]\nFile1={target}\n".encode()
    yield "ogg", coded(folder, "libopus", "ogg")
    yield "flac", coded(folder, "flac", "flac")
    yield "nothing", b""
    yield "noise", random.Random(SEED).randbytes(40_000)
    yield "sync-words", b"\xff\xfb" * 40_000
    yield "zeros", bytes(40_000)
