from __future__ import annotations

import hashlib
import json
import os
import stat

import numpy as np
import pytest

from lipwright.dubbing import bank_file
from lipwright.dubbing.bank_file import MAGIC, BadBankError, read_arrays, write_arrays

ABOUT = {"name": "a"}
ARRAYS = {
    "flags": np.array([True, False]),
    "one": np.array(7, np.int64),
    "none": np.zeros((0, 3), np.float32),
    "picture": np.arange(24, dtype=np.uint8).reshape(2, 3, 4)[:, ::-1],
    "big-endian": np.array([1.5, -2.5], ">f8"),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.bank"
    write_arrays(path, ABOUT, ARRAYS)
    return path


def forged(path, header, data=b""):
    """Write a file with a right checksum and whatever header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = len(text).to_bytes(4, "little") + text + data
    path.write_bytes(MAGIC + hashlib.sha256(body).digest() + body)


def test_arrays_come_back_as_they_were(path):
    found = read_arrays(path, ABOUT)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].shape == array.shape
        assert found[name].dtype == array.dtype.newbyteorder("<")
        assert np.array_equal(found[name], array)
    assert not found["picture"].flags.writeable


def test_only_the_owner_may_read_and_nothing_else_is_left(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_arrays(path, ABOUT, {"other": np.array(1)})
    assert list(read_arrays(path, ABOUT)) == ["other"]
    assert os.listdir(path.parent) == ["a.bank"]


def test_a_file_about_something_else_is_refused(path):
    with pytest.raises(BadBankError, match="something else"):
        read_arrays(path, {"name": "b"})


def test_every_damage_is_seen(path):
    data = path.read_bytes()
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
        with pytest.raises(BadBankError):
            read_arrays(path, ABOUT)
    for cut in range(0, len(data), 11):
        path.write_bytes(data[:cut])
        with pytest.raises(BadBankError):
            read_arrays(path, ABOUT)


@pytest.mark.parametrize(
    "listed",
    [
        [["a", "|O", [1]]],
        [["a", "<f8,<f8", [1]]],
        [["a", "(2,)<f8", [1]]],
        [["a", "<c16", [1]]],
        [["a", "|S8", [1]]],
        [["a", "<M8[s]", [1]]],
        [["a", "nothing", [1]]],
        [["a", "<f8", [2]]],
        [["a", "<f8", [0]]],
        [["a", "<f8", [-1, -1]]],
        [["a", "<f8", [1.0]]],
        [["a", "<f8", [True]]],
        [["a", "<f8", [1] * 9]],
        [["a", "<f8", [2**40, 2**40]]],
        [["a", "<f4", [1]], ["a", "<f4", [1]]],
        [[1, "<f8", [1]]],
        [["a", "<f8"]],
        [["a", "<f8", 1]],
        {"a": 1},
        None,
        "abc",
    ],
)
def test_headers_that_lie_are_refused(path, listed):
    forged(path, {"about": ABOUT, "arrays": listed}, bytes(8))
    with pytest.raises(BadBankError):
        read_arrays(path, ABOUT)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"1", b"{}", b"\xff", b"[" * 100_000, b'{"about": {"name": "a"}}']
)
def test_headers_that_are_none_are_refused(path, text):
    forged(path, text)
    with pytest.raises(BadBankError):
        read_arrays(path, ABOUT)


def test_a_header_cannot_be_longer_than_its_file(path):
    body = (2**32 - 1).to_bytes(4, "little") + b"{}"
    path.write_bytes(MAGIC + hashlib.sha256(body).digest() + body)
    with pytest.raises(BadBankError, match="header"):
        read_arrays(path, ABOUT)


def test_files_are_not_larger_than_allowed(path, monkeypatch):
    monkeypatch.setattr(bank_file, "MAX_BYTES", 260)
    with pytest.raises(BadBankError, match="too large"):
        read_arrays(path, ABOUT)
    before = path.read_bytes()
    with pytest.raises(BadBankError, match="too many"):
        write_arrays(path, ABOUT, {"a": np.zeros(1_000)})
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "none", ABOUT)
