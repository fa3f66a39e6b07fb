"""H.264 as far as joining streams needs it: NAL units, parameter sets, the mp4's record of them.

Section numbers are those of ITU-T H.264; the record is ISO/IEC 14496-15, 5.3.3.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

SLICE: Final = 1
IDR_SLICE: Final = 5
SPS: Final = 7
PPS: Final = 8

_WITH_FORMAT = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
"""Profiles whose parameter sets tell the chroma format (7.3.2.1.1)."""

# Table A-1: how many macroblocks the decoded pictures may have that are kept, by level.
_MAX_DPB_MBS = {
    9: 396, 10: 396, 11: 900, 12: 2376, 13: 2376, 20: 2376, 21: 4752, 22: 8100, 30: 8100,
    31: 18_000, 32: 20_480, 40: 32_768, 41: 32_768, 42: 34_816, 50: 110_400, 51: 184_320,
    52: 184_320, 60: 696_320, 61: 696_320, 62: 696_320,
}  # fmt: skip


@dataclass(frozen=True)
class SequenceParameters:
    """What a sequence parameter set says, as far as it matters here.

    Attributes
    ----------
    id
        0 to 31.
    profile, constraints, level
        The three bytes that follow the NAL header.
    chroma, depth
        Chroma format (1 is 4:2:0) and the larger of the two bit depths.
    references
        How many pictures may be referred to.
    progressive
        Whether every picture is a whole frame.
    width, height
        Size in pixels, after cropping.
    """

    id: int
    profile: int
    constraints: int
    level: int
    chroma: int
    depth: int
    references: int
    progressive: bool
    width: int
    height: int
    coded_blocks: int

    @property
    def within_level(self) -> bool:
        """Whether the pictures that are kept fit into what the level allows (A.3.1)."""
        allowed = _MAX_DPB_MBS.get(self.level)
        return allowed is not None and self.references <= min(16, allowed // self.coded_blocks)


@dataclass(frozen=True)
class ParameterSets:
    """The parameter sets of an mp4's track, each a NAL unit without length or start code."""

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]

    @property
    def ids(self) -> set[int]:
        """The numbers that either kind uses."""
        return {read_sps(one).id for one in self.sps} | {pps_id(one) for one in self.pps}


class _Bits:
    """Reads a payload bit by bit (7.2, 9.1)."""

    def __init__(self, nal: bytes) -> None:
        self._data = nal[1:].replace(b"\0\0\3", b"\0\0")
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | (self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("not an Exp-Golomb code")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def read_sps(nal: bytes) -> SequenceParameters:
    """Read a sequence parameter set (7.3.2.1.1).

    Raises
    ------
    ValueError
        It is not one.
    """
    try:
        return _read_sps(_Bits(nal))
    except IndexError as error:
        raise ValueError("the sequence parameter set is cut off") from error


def _read_sps(bits: _Bits) -> SequenceParameters:
    profile, constraints, level, number = bits.take(8), bits.take(8), bits.take(8), bits.unsigned()
    chroma, depth = 1, 8
    if profile in _WITH_FORMAT:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.take(1)
        depth = 8 + max(bits.unsigned(), bits.unsigned())
        bits.take(1)
        if bits.take(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    references = bits.unsigned()
    bits.take(1)
    across, down = bits.unsigned() + 1, bits.unsigned() + 1
    progressive = bool(bits.take(1))
    if not progressive:
        down *= 2
        bits.take(1)
    bits.take(1)
    crop = [bits.unsigned() for _ in range(4)] if bits.take(1) else [0, 0, 0, 0]
    step = (2 if chroma in (1, 2) else 1, (2 if chroma == 1 else 1) * (1 if progressive else 2))
    return SequenceParameters(
        number,
        profile,
        constraints,
        level,
        chroma,
        depth,
        references,
        progressive,
        16 * across - step[0] * (crop[0] + crop[1]),
        16 * down - step[1] * (crop[2] + crop[3]),
        across * down,
    )


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def pps_id(nal: bytes) -> int:
    """Return the number of a picture parameter set.

    Raises
    ------
    ValueError
        It is not one.
    """
    try:
        return _Bits(nal).unsigned()
    except IndexError as error:
        raise ValueError("the picture parameter set is cut off") from error


def split_start_codes(data: bytes) -> list[bytes]:
    """Take a byte stream (annex B) apart into its NAL units."""
    units = []
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        unit = data[at + 3 : following if following >= 0 else len(data)]
        # A NAL unit never ends in a zero byte: what does belongs to the next start code.
        units.append(unit.rstrip(b"\0"))
        at = following
    return units


def with_lengths(units: Sequence[bytes]) -> bytes:
    """Put NAL units together as mp4 has them, each behind its length in four bytes."""
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def split_lengths(data: bytes) -> Iterator[tuple[int, int]]:
    """Walk NAL units with lengths of four bytes; yield where each begins and ends.

    Raises
    ------
    ValueError
        The lengths do not add up.
    """
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data) or end <= at + 4:
            raise ValueError("the lengths of NAL units do not add up")
        yield at + 4, end
        at = end


def length_size(record: bytes) -> int:
    """How many bytes the lengths of an mp4's NAL units have; 0 if that is no record."""
    return (record[4] & 3) + 1 if len(record) > 4 and record[0] == 1 else 0


def serves_no_other(packet: memoryview, size: int) -> bool:
    """Whether no other picture refers to this one: its slices' nal_ref_idc is 0 (7.4.1).

    Parameters
    ----------
    packet
        One picture as mp4 has it.
    size
        Bytes of its lengths (`length_size`).
    """
    at = 0
    while size and at + size < len(packet):
        head = packet[at + size]
        if head & 31 in (SLICE, IDR_SLICE):
            return not head & 0x60
        at += size + int.from_bytes(packet[at : at + size], "big")
    return False


def read_record(record: bytes) -> ParameterSets:
    """Take the decoder configuration of an mp4's track apart.

    Raises
    ------
    ValueError
        It is not one, or its NAL units have lengths of other than four bytes.
    """
    if len(record) < 7 or record[0] != 1:
        raise ValueError("not a decoder configuration")
    if record[4] & 3 != 3:
        raise ValueError("the lengths of NAL units do not have four bytes")
    found: list[list[bytes]] = [[], []]
    at = 5
    for kind, mask in ((0, 0x1F), (1, 0xFF)):
        if at >= len(record):
            raise ValueError("the decoder configuration is cut off")
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            unit = record[at + 2 : at + 2 + length]
            if len(unit) != length or not length:
                raise ValueError("the decoder configuration is cut off")
            found[kind].append(unit)
            at += 2 + length
    return ParameterSets(tuple(found[0]), tuple(found[1]))


def write_record(sets: ParameterSets) -> bytes:
    """Build a decoder configuration that announces several streams' parameter sets at once.

    Every slice names its picture parameter set and that its sequence parameter set, so pictures
    of several encoders can follow each other in one track as long as no two sets share a number.
    Profile and level are such that a decoder that can do them can do every stream.
    """
    all_sps = [read_sps(one) for one in sets.sps]
    profile = max(one.profile for one in all_sps)
    constraints = 0xFF
    for one in all_sps:
        constraints &= one.constraints
    record = bytes([1, profile, constraints, max(one.level for one in all_sps), 0xFF])
    for units, bits in ((sets.sps, 0xE0), (sets.pps, 0)):
        record += bytes([bits | len(units)])
        record += b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
    if profile in _WITH_FORMAT:
        chroma, depth = all_sps[0].chroma, all_sps[0].depth - 8
        record += bytes([0xFC | chroma, 0xF8 | depth, 0xF8 | depth, 0])
    return record
