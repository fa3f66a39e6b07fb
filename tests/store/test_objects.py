from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lipwright.store.objects import PIECE_BYTES, MissingObjectError, ObjectStore

DATA = os.urandom(2 * PIECE_BYTES + 100)


def test_a_file_goes_in_and_comes_out(objects: ObjectStore, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA)
    objects.put("accounts/a/file.mp4", source)
    objects.get("accounts/a/file.mp4", target)
    assert target.read_bytes() == DATA
    assert objects.size("accounts/a/file.mp4") == len(DATA)
    assert objects.read("accounts/a/file.mp4") == DATA


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, None), (0, 1), (10, 20), (PIECE_BYTES - 1, PIECE_BYTES + 1), (len(DATA) - 1, None)],
)
def test_ranges(objects: ObjectStore, start: int, end: int | None) -> None:
    objects.put_bytes("key", DATA)
    assert b"".join(objects.stream("key", start, end)) == DATA[start:end]


def test_a_range_past_the_end_is_cut_and_an_empty_one_is_empty(objects: ObjectStore) -> None:
    objects.put_bytes("key", b"0123456789")
    assert b"".join(objects.stream("key", 8, 100)) == b"89"
    assert list(objects.stream("key", 10)) == []
    objects.put_bytes("empty", b"")
    assert list(objects.stream("empty")) == []


def test_what_is_not_there_is_missing_at_once(objects: ObjectStore, tmp_path: Path) -> None:
    assert not objects.exists("nothing")
    for ask in (objects.size, objects.read, objects.stream):
        with pytest.raises(MissingObjectError):
            ask("nothing")
    objects.delete("nothing")


def test_publishing_again_is_harmless_and_deleting_removes(objects: ObjectStore) -> None:
    objects.put_bytes("a/b/key", b"one")
    objects.put_bytes("a/b/key", b"one")
    assert objects.read("a/b/key") == b"one"
    objects.delete("a/b/key")
    assert not objects.exists("a/b/key")


def test_old_objects_are_listed(objects: ObjectStore) -> None:
    objects.put_bytes("accounts/a/old", b"x")
    time.sleep(0.05)
    assert list(objects.list_older_than("accounts", 0.02)) == ["accounts/a/old"]
    assert list(objects.list_older_than("accounts", 60)) == []


def test_leftovers_of_an_interrupted_write_are_removed(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path.as_uri())
    objects.put_bytes("a/key", b"x")
    leftover = tmp_path / "a" / "key#1"
    leftover.write_bytes(b"half")
    assert objects.remove_leftovers(60) == 0
    os.utime(leftover, (0, 0))
    assert objects.remove_leftovers(60) == 1
    assert objects.exists("a/key")


def test_a_folder_with_odd_characters_works(tmp_path: Path) -> None:
    folder = tmp_path / "my videos (ä) 100%"
    ObjectStore(folder.as_uri()).put_bytes("key", b"x")
    assert (folder / "key").read_bytes() == b"x"


def test_a_large_file_goes_in_pieces_and_comes_out_whole(
    objects: ObjectStore, tmp_path: Path
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA * 12)
    objects.put("accounts/a/large.mp4", source)
    objects.get("accounts/a/large.mp4", target)
    assert target.read_bytes() == DATA * 12
    middle = len(DATA) * 6
    assert b"".join(objects.stream("accounts/a/large.mp4", middle - 3, middle + 3)) == (
        DATA[-3:] + DATA[:3]
    )
