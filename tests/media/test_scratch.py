from __future__ import annotations

import resource
import signal
import sys

import numpy as np
import pytest

from lipwright.errors import FailedError
from lipwright.media.scratch import Rows, let_go, on_disk, scratch_in


def test_rows_come_back_as_they_were_added():
    rows = Rows((3, 2), np.float32)
    parts = [np.random.default_rng(n).normal(size=(n, 3, 2)).astype(np.float32) for n in (4, 0, 7)]
    for part in parts:
        rows.add(part)
    found = rows.array()
    assert found.dtype == np.float32
    assert np.array_equal(found, np.concatenate(parts))
    assert not found.flags.writeable


def test_rows_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(2,\)"):
        Rows((3,), np.float32).add(np.zeros((4, 2), np.float32))


def test_no_rows_are_an_empty_array():
    assert Rows((478, 3), np.float64).array().shape == (0, 478, 3)
    assert on_disk(np.zeros((5, 0), np.float32)).shape == (5, 0)


def test_what_was_let_go_of_is_read_again():
    values = np.arange(100_000, dtype=np.int64)
    kept = on_disk(values)
    part = kept[1000:2000].reshape(10, 100)
    assert np.array_equal(kept, values)
    let_go(part)
    assert np.array_equal(kept, values)
    assert np.array_equal(part.ravel(), values[1000:2000])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is in memory")
def test_what_was_let_go_of_is_not_in_memory():
    kept = on_disk(np.ones(4_000_000, np.float64))
    address = kept.__array_interface__["data"][0]
    assert kept.sum() == 4_000_000
    assert _resident_kb(address) > 20_000
    let_go(kept)
    assert _resident_kb(address) == 0


def _resident_kb(address: int) -> int:
    here = False
    with open("/proc/self/smaps") as lines:
        for line in lines:
            first = line.split()[0]
            if "-" in first and not first.endswith(":"):
                begin, end = (int(edge, 16) for edge in first.split("-"))
                here = begin <= address < end
            elif here and first == "Rss:":
                return int(line.split()[1])
    raise AssertionError("there is no such mapping")


def test_memory_of_other_arrays_is_left_alone():
    values = np.arange(100_000)
    let_go(values)
    let_go(values[5:].reshape(-1, 5))
    assert np.array_equal(values, np.arange(100_000))


def test_nothing_is_seen_of_it_in_the_folder(tmp_path):
    with scratch_in(tmp_path):
        kept = on_disk(np.ones(1000))
        assert list(tmp_path.iterdir()) == []
    assert kept.sum() == 1000


def test_a_folder_that_is_not_there_is_a_failure(tmp_path):
    with (
        scratch_in(tmp_path / "missing"),
        pytest.raises(FailedError, match="no room for temporary files"),
    ):
        Rows((3,), np.float32)


def test_a_full_disk_is_a_failure():
    rows = Rows((1000,), np.float64)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
        rows.add(np.ones((8, 1000)))
        with pytest.raises(FailedError) as caught:
            rows.add(np.ones((100, 1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.reason == "encode_failed"
