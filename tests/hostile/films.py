"""The corpus of bad videos: each a name and the file's bytes."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from boxes import Box, changed, parse, poked, with_content

SEED = 20
Case = tuple[str, bytes]


@cache
def portrait(size: int = 512) -> np.ndarray:
    face = skimage.data.astronaut()[:256, 96:352]
    return np.ascontiguousarray(cv2.resize(face, (size, size), interpolation=cv2.INTER_CUBIC))


def film(
    folder: Path,
    *,
    stamps: list[int] | None = None,
    rate: int = 10,
    size: int = 512,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    format: str = "mp4",
    sounds: int = 1,
    muxer: dict[str, str] | None = None,
    picture: bool = True,
) -> bytes:
    """A face for 3 s with a soft tone; or whatever else is asked for."""
    path = folder / "film"
    stamps = stamps if stamps is not None else list(range(3 * rate))
    with av.open(str(path), "w", format=format, container_options=muxer or {}) as out:
        options = {"preset": "ultrafast"} if codec == "libx264" else {}
        video = out.add_stream(codec, rate=rate, options=options) if picture else None
        if video is not None:
            video.width = video.height = size
            video.pix_fmt = pix_fmt
        tracks = []
        for _ in range(sounds):
            track = out.add_stream(
                "aac" if format in ("mp4", "mov", "mpegts") else "mp2", rate=48000
            )
            track.layout = "mono"
            tracks.append(track)
        still = VideoFrame.from_ndarray(portrait(size), "rgb24").reformat(format=pix_fmt)
        for stamp in stamps if video is not None else ():
            still.pts, still.time_base = stamp, Fraction(1, rate)
            out.mux(video.encode(still))
        if video is not None:
            out.mux(video.encode(None))
        for track in tracks:
            tone = (np.sin(np.arange(48000 * (3 if sounds < 3 else 1)) / 20) * 0.1).astype("f4")
            frame_size = track.codec_context.frame_size or 1152
            kind = track.codec_context.format.name
            for at in range(0, len(tone) - frame_size, frame_size):
                block = tone[None, at : at + frame_size]
                if kind == "s16":
                    block = (block * 32000).astype("i2")
                frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), kind, "mono")
                frame.sample_rate, frame.pts = 48000, at
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
    return path.read_bytes()


def truncated(folder: Path) -> Iterator[Case]:
    for name, muxer in (("front", {"movflags": "+faststart"}), ("back", {})):
        good = film(folder, muxer=muxer)
        for part in range(25):
            yield f"cut-{name}-{part}", good[: len(good) * (2 * part + 1) // 50]


def flipped(folder: Path) -> Iterator[Case]:
    chance = random.Random(SEED)
    good = film(folder, muxer={"movflags": "+faststart"})
    index = good.index(b"moov") - 4, good.index(b"mdat") - 4
    for number in range(16):
        bad = bytearray(good)
        for _ in range(4 ** (number % 4 + 1)):
            bad[chance.randrange(index[1], len(bad))] ^= 1 << chance.randrange(8)
        yield f"flip-picture-{number}", bytes(bad)
    for number in range(24):
        bad = bytearray(good)
        for _ in range(2 ** (number % 4)):
            bad[chance.randrange(*index)] ^= 1 << chance.randrange(8)
        yield f"flip-index-{number}", bytes(bad)


def empty(folder: Path) -> Iterator[Case]:
    good = film(folder)
    boxes = {box.kind: box for box in parse(good)}
    yield "nothing", b""
    yield "one-byte", b"\0"
    yield "only-ftyp", boxes[b"ftyp"].to_bytes()
    yield "only-index", boxes[b"moov"].to_bytes()
    yield "no-index", boxes[b"ftyp"].to_bytes() + boxes[b"mdat"].to_bytes()
    yield "index-renamed", good.replace(b"moov", b"moow")
    yield "no-samples", with_content(good, b"stsz", struct.pack(">III", 0, 0, 0))
    yield "no-chunks", with_content(good, b"stco", struct.pack(">II", 0, 0))
    yield "no-times", with_content(good, b"stts", struct.pack(">II", 0, 0))
    yield "no-descriptions", with_content(good, b"stsd", struct.pack(">II", 0, 0))
    yield "no-tables", changed(good, b"stbl", lambda box: box.inside.clear())
    yield "no-media", changed(good, b"trak", lambda box: box.inside.clear())
    yield "no-tracks", changed(good, b"moov", lambda box: box.inside.clear())
    yield "no-data", with_content(good, b"mdat", b"")
    yield "zeros", bytes(len(good))
    yield "zero-data", with_content(good, b"mdat", bytes(len(boxes[b"mdat"].content)))
    fragments = film(folder, muxer={"movflags": "+frag_keyframe+empty_moov"})
    yield "fragments", fragments
    yield "fragments-without-heads", fragments.replace(b"moof", b"free")
    yield "fragments-cut", fragments[:-2000]


def sizes(folder: Path) -> Iterator[Case]:
    good = film(folder)
    for side in (0, 1, 2, 16, 511, 30000, 65535):
        shape = struct.pack(">HH", side, side)
        entry = changed(
            good, b"stsd", lambda box, s=shape: setattr(box, "content", _resized(box.content, s))
        )
        yield f"entry-{side}", entry
        yield f"track-{side}", poked(good, b"tkhd", 76, struct.pack(">II", side << 16, side << 16))
    for side in (2, 16, 64):
        yield f"real-{side}", film(folder, size=side)
    for side in (1, 30000, 2**31 - 1):
        yield f"png-{side}", _png_film(folder, side)
    yield "jpeg-30000", _jpeg_film(folder, 30000)
    yield "changing-size", _changing(folder)
    yield "ten-bit", film(folder, pix_fmt="yuv420p10le")
    yield "full-chroma", film(folder, pix_fmt="yuv444p")


def _resized(content: bytes, shape: bytes) -> bytes:
    return content[:40] + shape + content[44:] if b"avc1" in content else content


def _png_film(folder: Path, side: int) -> bytes:
    good = film(
        folder, codec="png", pix_fmt="rgb24", format="mov", stamps=list(range(22)), sounds=0
    )
    head = b"IHDR" + struct.pack(">II", side, side)
    at = good.index(b"IHDR")
    rest = good[at + 12 : at + 17]
    lie = head + rest + struct.pack(">I", zlib.crc32(head + rest))
    return good.replace(good[at : at + 21], lie)


def _jpeg_film(folder: Path, side: int) -> bytes:
    good = film(folder, codec="mjpeg", pix_fmt="yuvj420p", format="mov", sounds=0)
    at = good.index(b"\xff\xc0")
    old = good[at : at + 9]
    return good.replace(old, old[:5] + struct.pack(">HH", side, side))


def _changing(folder: Path) -> bytes:
    """The pictures are of another size than the stream's own parameters say."""
    small = film(folder, size=256)
    [head] = [part for part in _boxes(parse(small)) if b"avcC" in part.content]
    at = head.content.index(b"avcC") - 4
    size = int.from_bytes(head.content[at : at + 4], "big")
    wrong = head.content[at : at + size]

    def change(box: Box) -> None:
        if b"avcC" in box.content:
            begin = box.content.index(b"avcC") - 4
            old = int.from_bytes(box.content[begin : begin + 4], "big")
            box.content = box.content[:begin] + wrong + box.content[begin + old :]

    return changed(film(folder), b"stsd", change)


def _boxes(boxes: list[Box]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from _boxes(box.inside)


def times(folder: Path) -> Iterator[Case]:
    good = film(folder)
    yield "1000-per-second", film(folder, rate=1000, stamps=list(range(2500)), sounds=0)
    yield "one-picture", film(folder, stamps=[0])
    yield "two-pictures-an-hour-apart", film(folder, stamps=[0, 36000])
    yield "jumps", film(folder, stamps=sorted(i + 1000 * (i // 7) for i in range(30)))
    yield "begins-in-a-year", film(folder, stamps=[315_360_000 + i for i in range(30)])
    for name, deltas in {
        "standing-still": [(30, 0)],
        "huge-steps": [(30, 0xFFFFFFFF)],
        "backwards": [(10, 1024), (10, 0x80000001), (10, 1024)],
        "too-many": [(0xFFFFFFFF, 1)],
        "too-few": [(3, 1024)],
        "bomb": [(0xFFFFFFFF, 0xFFFFFFFF)] * 4,
    }.items():
        table = struct.pack(">II", 0, len(deltas)) + b"".join(
            struct.pack(">II", *delta) for delta in deltas
        )
        yield f"steps-{name}", with_content(good, b"stts", table)
    offsets = struct.pack(">III", 1 << 24, 1, 30) + struct.pack(">i", -(2**31))
    yield (
        "negative-offsets",
        changed(good, b"stbl", lambda box: box.inside.append(Box(b"ctts", offsets))),
    )
    for name, entry in {
        "starts-late": struct.pack(">Iihh", 3000, 2**31 - 1, 1, 0),
        "negative": struct.pack(">Iihh", 3000, -(2**31), 1, 0),
        "endless": struct.pack(">Iihh", 0xFFFFFFFF, 0, 1, 0),
        "no-length": struct.pack(">Iihh", 0, 0, 1, 0),
    }.items():
        table = struct.pack(">II", 0, 1) + entry
        yield f"edit-{name}", with_content(good, b"elst", table)
    yield (
        "many-edits",
        with_content(
            good,
            b"elst",
            struct.pack(">II", 0, 200_000) + struct.pack(">Iihh", 1, 0, 1, 0) * 200_000,
        ),
    )
    for kind, at in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        name = kind.decode()
        yield f"length-{name}", poked(good, kind, at, b"\xff\xff\xff\xff")
        yield f"clock-0-{name}", poked(good, kind, at - 4, bytes(4))
    yield "clock-huge", poked(good, b"mdhd", 12, b"\x7f\xff\xff\xff")


def tables(folder: Path) -> Iterator[Case]:
    good = film(folder)
    yield "a-billion-samples", with_content(good, b"stsz", struct.pack(">III", 0, 1, 2**30))
    yield "endless-samples", with_content(good, b"stsz", struct.pack(">III", 0, 0, 2**32 - 1))
    yield "giant-sample", with_content(good, b"stsz", struct.pack(">III", 0, 2**31 - 1, 30))
    yield "a-billion-chunks", with_content(good, b"stco", struct.pack(">II", 0, 2**30))
    yield "chunks-far-away", with_content(good, b"stco", struct.pack(">III", 0, 1, 2**32 - 2))
    yield (
        "chunk-of-billions",
        with_content(good, b"stsc", struct.pack(">IIIII", 0, 1, 1, 2**32 - 1, 1)),
    )
    yield (
        "wrong-description",
        with_content(good, b"stsc", struct.pack(">IIIII", 0, 1, 1, 30, 2**31)),
    )
    yield (
        "many-descriptions",
        changed(
            good,
            b"stsd",
            lambda box: setattr(
                box, "content", struct.pack(">II", 0, 5000) + box.content[8:] * 5000
            ),
        ),
    )
    yield "unknown-codec", good.replace(b"avc1", b"zzzz")
    yield "other-codec", good.replace(b"avc1", b"hvc1")
    yield "no-configuration", good.replace(b"avcC", b"free")
    yield "wrong-matrix", poked(good, b"tkhd", 40, b"\x7f\xff\xff\xff" * 9)
    yield (
        "a-thousand-tracks",
        changed(good, b"moov", lambda box: box.inside.extend([*box.inside[1:2]] * 1000)),
    )
    deep = b""
    for _ in range(20_000):
        deep = struct.pack(">I4s", len(deep) + 8, b"trak") + deep
        if len(deep) > 160_000:
            break
    yield "deep-boxes", good + struct.pack(">I4s", len(deep) + 8, b"moov") + deep
    yield "deep-index", changed(good, b"moov", lambda box: box.inside.append(Box(b"udta", deep)))
    yield "a-million-boxes", parse(good)[0].to_bytes() + b"\0\0\0\x08free" * 1_000_000 + good
    yield "box-of-size-1", b"\0\0\0\x01ftyp" + struct.pack(">Q", 2**63) + good
    yield "box-of-size-0", b"\0\0\0\0free" + good
    yield "box-of-size-7", b"\0\0\0\x07ftyp" + good
    texts = Box(b"udta", b"".join(Box(b"\xa9nam", b"\xff" * 5000).to_bytes() for _ in range(500)))
    yield "much-text", changed(good, b"moov", lambda box: box.inside.append(texts))


def tracks(folder: Path) -> Iterator[Case]:
    yield "200-sounds", film(folder, sounds=200)
    yield "only-sound", film(folder, picture=False)
    yield "cover-art", _cover(folder)
    good = film(folder)
    yield "no-handler", poked(good, b"hdlr", 8, b"zzzz")
    yield "sound-as-picture", poked(good, b"hdlr", 8, b"vide")
    yield "picture-as-sound", poked(good, b"hdlr", 8, b"soun")
    yield "text-track", poked(good, b"hdlr", 8, b"text")


def _cover(folder: Path) -> bytes:
    """A song with a picture on it."""
    song = film(folder, picture=False)
    picture = cv2.imencode(".jpg", portrait())[1].tobytes()
    data = Box(b"data", struct.pack(">II", 13, 0) + picture).to_bytes()
    covers = Box(b"ilst", Box(b"covr", data).to_bytes()).to_bytes()
    handler = Box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9)).to_bytes()
    meta = Box(b"udta", Box(b"meta", bytes(4) + handler + covers).to_bytes())
    return changed(song, b"moov", lambda box: box.inside.append(meta))


def elsewhere(folder: Path, url: str, file: Path) -> Iterator[Case]:
    """Files that ask their reader to open something else: a URL, or a file of this machine."""
    good = film(folder, format="mov")
    for name, target in (("url", url), ("file", f"file://{file}"), ("path", str(file))):
        where = target.encode() + b"\0"
        entry = struct.pack(">I4sI", 12 + len(where), b"url ", 0) + where
        yield f"dref-{name}", with_content(good, b"dref", struct.pack(">II", 0, 1) + entry)
        alias = _alias(str(file) if name != "url" else "canary")
        entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
        yield f"alias-{name}", with_content(good, b"dref", struct.pack(">II", 0, 1) + entry)
        link = struct.pack(">I4sI", 0, b"url ", len(where)) + where
        reference = Box(b"rdrf", link).to_bytes()
        descriptor = Box(b"rmda", reference).to_bytes()
        yield (
            f"reference-movie-{name}",
            (
                Box(b"ftyp", b"qt  \0\0\0\0qt  ").to_bytes()
                + Box(b"moov", Box(b"rmra", descriptor).to_bytes()).to_bytes()
            ),
        )
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n"
        yield f"hls-{name}", playlist.encode()
        yield (
            f"hls-key-{name}",
            playlist.replace(
                "#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF'
            ).encode(),
        )
        yield f"concat-{name}", f"ffconcat version 1.0\nfile '{target}'\n".encode()
        yield (
            f"dash-{name}",
            (
                '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
                'mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4">'
                f'<Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL>'
                "</Representation></AdaptationSet></Period></MPD>"
            ).encode(),
        )
        yield f"sdp-{name}", f"v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na={target}\n".encode()
        yield (
            f"entity-{name}",
            (
                f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{target}">]><a>&b;</a>'
            ).encode(),
        )


def _alias(path: str) -> bytes:
    """The old Macintosh's way to name a file, with the path that FFmpeg looks at."""
    name = path.rpartition("/")[2].encode()[:63]
    head = bytes(10) + b"\x04disk".ljust(28, b"\0") + bytes(12)
    head += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    head += struct.pack(">HH", 1, 2) + bytes(16)
    where = path.encode()
    return (
        head + struct.pack(">hH", 18, len(where)) + where + b"\0" * (len(where) % 2) + b"\xff\xff"
    )


def liars(folder: Path) -> Iterator[Case]:
    """What is no mp4 at all, under the name of one."""
    for format in ("matroska", "avi", "mpegts", "flv"):
        codec = "flv" if format == "flv" else "libx264"
        yield format, film(folder, format=format, codec=codec, sounds=0)
    yield "gif", b"GIF89a" + bytes(2000)
    yield "webp", b"RIFF\x10\0\0\0WEBPVP8 " + bytes(2000)
    yield "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(2000)
    yield "avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(2000)
    yield "page", b"<!doctype html><title>Sign in</title>" * 50
    yield "program", b"\x7fELF" + bytes(2000)
    yield "text-of-ftyp", b"ftypisom" * 500
    yield "zip", b"PK\x03\x04" + bytes(2000)
    yield "noise", random.Random(SEED).randbytes(60_000)
    yield (
        "noise-after-ftyp",
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + random.Random(2).randbytes(60_000),
    )
    yield (
        "drawing",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    )
