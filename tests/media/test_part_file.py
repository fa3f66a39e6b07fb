from __future__ import annotations

import pytest

from lipwright.errors import FailedError
from lipwright.media.avc import ParameterSets
from lipwright.media.part_file import PartReader, PartWriter

SETS = ParameterSets((b"\x67one", b"\x67two"), (b"\x68\n\0",))
PACKETS = [(-512, True, b"first"), (1 << 40, False, b""), (512, False, bytes(10_000))]


@pytest.fixture
def part(tmp_path):
    path = tmp_path / "0"
    with path.open("wb") as file:
        writer = PartWriter(file, SETS)
        for packet in PACKETS:
            writer.add(*packet)
        writer.end()
    return path


def test_a_part_comes_back(part):
    found = PartReader(part)
    assert found.sets == SETS
    assert found.pts == tuple(pts for pts, _, _ in PACKETS)
    assert list(found.packets()) == PACKETS
    assert list(found.packets()) == PACKETS


def test_what_is_no_whole_part_is_refused(part, tmp_path):
    whole = part.read_bytes()
    for data in (whole[:-1], whole[:-13], whole[:200], whole[:3], b"", b"x" + whole, whole + b"x"):
        part.write_bytes(data)
        with pytest.raises(FailedError) as caught:
            PartReader(part)
        assert caught.value.reason == "bad_part"
    with pytest.raises(FailedError):
        PartReader(tmp_path / "missing")
