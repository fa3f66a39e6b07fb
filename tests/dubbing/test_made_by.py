from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lipwright.dubbing import made_by as room
from lipwright.dubbing.made_by import content_hash, made_by


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A small copy of the package, and what it says of itself."""
    for name in ("dubbing/made_by.py", "faces/dense.py", "faces/head.npy", "cli/app.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(room, "__file__", str(tmp_path / "dubbing" / "made_by.py"))

    def say():
        made_by.cache_clear()
        try:
            return made_by()
        finally:
            made_by.cache_clear()

    return tmp_path, say


def test_it_is_the_same_for_the_same_code():
    assert made_by() == made_by()
    assert len(made_by()) == 16
    assert set(made_by()) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", ["faces/dense.py", "faces/head.npy", "faces/new.py"])
def test_code_and_data_that_decide_change_it(elsewhere, name):
    folder, say = elsewhere
    before = say()
    assert say() == before
    (folder / name).write_text("changed")
    assert say() != before


def test_code_that_does_not_matter_does_not(elsewhere):
    folder, say = elsewhere
    before = say()
    (folder / "cli" / "app.py").write_text("changed")
    (folder / "faces" / "notes.txt").write_text("new")
    assert say() == before


def test_another_version_of_a_library_changes_it(elsewhere, monkeypatch):
    _, say = elsewhere
    before = say()
    monkeypatch.setattr(room, "version", lambda package: "99")
    assert say() != before


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"abc")
    assert content_hash(path) == hashlib.sha256(b"abc").hexdigest()
