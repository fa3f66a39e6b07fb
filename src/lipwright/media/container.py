"""Opening a stranger's file: told by its bytes, read alone, never through another URL."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer

from lipwright.errors import BadInputError

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
MAX_PIXELS = 64_000_000
"""Larger pictures are refused before a decoder allocates them (8K is 33 million pixels)."""

_IMAGE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"jxl ", b"crx "}
_MOV_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"sidx"}
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"FLV", "flv"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"#EXTM3U", "hls playlist"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"FORM", "aiff"),
    (b"#!AMR", "amr"),
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
)
# Kilobits per second by MPEG version (1, 2) and layer (I, II, III): ISO 11172-3, 13818-3.
_MPEG_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SYNC_SEARCH = 64 * 1024


@dataclass(frozen=True)
class Boxes:
    """The outermost boxes of an mp4 or mov file.

    ``media_cut`` and ``index_cut`` are true when the file ends within a box of media or within
    the index (``moov``) itself.
    """

    has_index: bool
    has_media: bool
    fragmented: bool
    media_cut: bool
    index_cut: bool


def kind_of(path: Path) -> str:
    """Name a file's container by its bytes.

    Returns
    -------
    str
        ``mov``, ``wav``, ``mp3``, ``aac`` for what can be used, ``image`` for a still in an
        mp4-like box, another format's name where it is recognised, ``empty`` or ``unknown``.
    """
    with path.open("rb") as file:
        head = file.read(64)
        if not head:
            return "empty"
        if head[4:8] in _MOV_BOXES:
            return "image" if head[4:8] == b"ftyp" and head[8:12] in _IMAGE_BRANDS else "mov"
        if head[:4] in (b"RIFF", b"RF64", b"BW64"):
            return {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}.get(head[8:12], "riff")
        for signature, name in _SIGNATURES:
            if head.startswith(signature):
                return name
        return _mpeg_audio(file) or "unknown"


def boxes_of(path: Path) -> Boxes:
    """Walk the outermost boxes of an mp4 or mov file; reads 16 bytes of each."""
    size = path.stat().st_size
    index = media = fragmented = media_cut = index_cut = False
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int(struct.unpack_from(">I", head)[0])
            kind = head[4:8]
            if length == 1 and len(head) == 16:
                length = int(struct.unpack_from(">Q", head, 8)[0])
            elif length == 0:
                length = size - at
            if length < 8 or not all(32 <= byte < 127 or byte == 169 for byte in kind):
                break  # trailing padding or rubbish: not ours to judge
            index |= kind == b"moov"
            media |= kind == b"mdat"
            fragmented |= kind == b"moof"
            past = at + length > size
            index_cut |= past and kind == b"moov"
            media_cut |= past and kind in (b"mdat", b"moof")
            at += length
    return Boxes(index, media, fragmented, media_cut, index_cut)


def open_media(path: Path, kind: str | None, field: str) -> InputContainer:
    """Open a local file with one demuxer and with no way to any other file or address.

    Parameters
    ----------
    path
        Local file.
    kind
        FFmpeg's demuxer, or ``None`` to let FFmpeg choose (trusted files only).
    field
        Which input to blame.

    Raises
    ------
    BadInputError
        ``damaged``.
    """
    try:
        return av.open(
            str(path.absolute()),
            "r",
            format=kind,
            options={"max_pixels": str(MAX_PIXELS)},
            # A movie may point to tracks in other files; FFmpeg follows only when told to.
            container_options={
                "protocol_whitelist": "file",
                "enable_drefs": "0",
                "use_absolute_path": "0",
            },
            metadata_errors="replace",
        )
    except av.FFmpegError as error:
        raise BadInputError(
            field, "damaged", f"the file cannot be opened: {_words(error)}"
        ) from error


def check_complete(path: Path, container: InputContainer, boxes: Boxes, field: str) -> None:
    """Raise ``truncated`` when samples that the index of an mp4 or mov promises are not there."""
    size = path.stat().st_size
    end = 0
    for stream in container.streams:
        if stream.type in ("video", "audio"):
            end = max(end, max((e.pos + e.size for e in stream.index_entries), default=0))
    if end > size or (boxes.fragmented and boxes.media_cut):
        wanted = f"{end} bytes of {size} are" if end > size else "its last fragment is"
        raise BadInputError(
            field, "truncated", f"the file is cut off: {wanted} needed but not all there"
        )


def _words(error: av.FFmpegError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _mpeg_audio(file: BinaryIO) -> str | None:
    """Tell mp3 from ADTS AAC by a chain of two frame headers, past any ID3v2 tags."""
    at = 0
    while True:
        file.seek(at)
        tag = file.read(10)
        if len(tag) < 10 or tag[:3] != b"ID3" or any(byte & 0x80 for byte in tag[6:10]):
            break
        at += 10 + (tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9])
        at += 10 if tag[5] & 0x10 else 0
    tagged = at > 0
    file.seek(at)
    data = file.read(2 * _SYNC_SEARCH)
    # Without a tag the sound has to start at once: rubbish holds a chance header soon enough.
    for start in range(min(len(data), _SYNC_SEARCH if tagged else 4096)):
        if data[start] != 0xFF:
            continue
        for name, length_of in (("aac", _adts_length), ("mp3", _mp3_length)):
            first = length_of(data, start)
            second = length_of(data, start + first) if first else 0
            third = start + first + second
            if second and (length_of(data, third) or third >= len(data) - 3):
                return name
    return None


def _adts_length(data: bytes, at: int) -> int:
    """Bytes of the ADTS frame at ``at``; 0 when there is none (ISO 13818-7, 6.2)."""
    if at + 7 > len(data) or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    if data[at + 2] >> 2 & 0xF > 12:
        return 0
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return length if length > 7 else 0


def _mp3_length(data: bytes, at: int) -> int:
    """Bytes of the MPEG audio frame at ``at``; 0 when there is none (ISO 11172-3, 2.4.1)."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return 0
    version = data[at + 1] >> 3 & 3  # 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
    layer = 4 - (data[at + 1] >> 1 & 3)
    rate_index = data[at + 2] >> 4
    frequency_index = data[at + 2] >> 2 & 3
    if version == 1 or layer == 4 or rate_index in (0, 15) or frequency_index == 3:
        return 0
    rate = 1000 * _MPEG_RATES[1 if version == 3 else 2, layer][rate_index - 1]
    frequency = (44100, 48000, 32000)[frequency_index] >> {3: 0, 2: 1, 0: 2}[version]
    padding = data[at + 2] >> 1 & 1
    if layer == 1:
        return (12 * rate // frequency + padding) * 4
    samples = 1152 if layer == 2 or version == 3 else 576
    return samples // 8 * rate // frequency + padding
