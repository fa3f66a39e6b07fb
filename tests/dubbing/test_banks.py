from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import pytest

from lipwright.dubbing.bank_file import read_arrays, write_arrays
from lipwright.dubbing.bank_names import bank_name
from lipwright.dubbing.banks import FaceBanks, KnownPiece, Shelf
from lipwright.faces.types import Box, FaceSample, FaceTrack, IdentifiedFace

VIDEO = "ab" * 32
FACE = IdentifiedFace("0", 0, 9_000, b"jpeg", (FaceSample(0, Box(1, 2, 3, 4)),))


@dataclass
class Counter:
    """An observer that counts."""

    seen: int = 0

    def add(self, frame, face):
        self.seen += 1


class Engine:
    """An engine of nothing but what banks need."""

    observer_version = "counter 1"

    def observer(self):
        return Counter()

    def prepare(self, track, observer):
        return observer.seen

    def render(self, bank, plan, frame):
        return frame

    def pack(self, observer):
        return {"seen": np.array(observer.seen)}

    def unpack(self, arrays):
        return Counter(int(arrays["seen"]))

    def merge(self, observers):
        return Counter(sum(observer.seen for observer in observers))


def track(piece, count=50):
    indices = np.arange(50 * piece, 50 * piece + count)
    rng = np.random.default_rng(piece)
    return FaceTrack(
        indices,
        indices / 25,
        rng.normal(0, 100, (count, 478, 3)).astype(np.float32),
        rng.normal(0, 10, (count, 3)).astype(np.float32),
        np.ones(count, np.float32),
    )


@pytest.fixture
def banks(tmp_path):
    return FaceBanks(tmp_path / "banks", VIDEO)


@pytest.fixture
def taught(banks):
    bank = banks.open(FACE, "counter", Engine())
    for piece in (0, 3):
        bank.add(piece, KnownPiece(track(piece), Counter(10 + piece)))
    bank.save()
    return bank


def same(one, other):
    names = ("frame_indices", "times", "landmarks", "pose", "quality")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_pieces_come_back_and_others_are_added(banks, taught):
    again = banks.open(FACE, "counter", Engine())
    assert again.get(1) is None
    for piece in (0, 3):
        known = again.get(piece)
        assert same(known.track, track(piece))
        assert known.observer == Counter(10 + piece)
    again.add(1, KnownPiece(track(1, 0), Counter()))
    again.save()
    third = banks.open(FACE, "counter", Engine())
    assert [third.get(piece) is not None for piece in range(5)] == [True, True, False, True, False]
    assert len(third.get(1).track.times) == 0  # it is known that the face is not there
    assert len(list(banks.folder.iterdir())) == 1


def test_nothing_new_writes_nothing(banks, taught):
    written = taught.path.stat()
    again = banks.open(FACE, "counter", Engine())
    again.get(0)
    again.save()
    assert taught.path.stat().st_ino == written.st_ino


def test_other_faces_videos_engines_and_versions_know_nothing(banks, taught, monkeypatch):
    def knows(banks=banks, face=FACE, name="counter", engine=None):
        return banks.open(face, name, engine or Engine()).get(0) is not None

    assert knows()
    # A face is what was seen of it, not how it is called.
    assert knows(face=replace(FACE, face_id="7", image_jpeg=b""))
    assert not knows(replace(banks, video="cd" * 32))
    assert not knows(face=replace(FACE, end_ms=9_001))
    assert not knows(face=replace(FACE, samples=(FaceSample(0, Box(1, 2, 3, 5)),)))
    assert not knows(name="mesh")
    newer = Engine()
    newer.observer_version = "counter 2"
    assert not knows(engine=newer)
    monkeypatch.setattr("lipwright.dubbing.bank_names.made_by", lambda: "another version")
    assert not knows()


@pytest.mark.parametrize(
    "wrong",
    [
        {"track.landmarks": None},
        {"track.landmarks": np.zeros((50, 477, 3), np.float32)},
        {"track.landmarks": np.zeros((50, 478, 3))},
        {"track.landmarks": np.full((50, 478, 3), np.nan, np.float32)},
        {"track.frame_indices": np.zeros(50, np.int64)},
        {"track.frame_indices": np.arange(-1, 49)},
        {"track.frame_indices": np.arange(49)},
        {"track.times": np.arange(50) / 25 + 1},
        {"track.times": np.full(50, np.nan)},
        {"track.quality": np.full(50, 2, np.float32)},
        {"track.pose": np.zeros((50, 2), np.float32)},
        {"track.shown_frames": np.arange(50)},
        {"observer.seen": None},
        {"observer.seen": np.array([1, 2])},
        {"observer.seen": np.array(np.inf)},
    ],
)
def test_impossible_pieces_are_not_used(banks, taught, wrong, caplog):
    about = {"name": taught.path.name, "observer": "counter 1"}
    arrays = read_arrays(taught.path, about)
    for name, array in wrong.items():
        arrays[f"0/{name}"] = array
    write_arrays(taught.path, about, {n: a for n, a in arrays.items() if a is not None})
    again = banks.open(FACE, "counter", Engine())
    with caplog.at_level(logging.WARNING):
        assert again.get(0) is None
    assert "piece 0" in caplog.text
    assert again.get(3) is not None


def test_a_folder_that_cannot_be_written_is_only_worth_a_word(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    bank = FaceBanks(tmp_path / "file" / "banks", VIDEO).open(FACE, "counter", Engine())
    bank.add(0, KnownPiece(track(0), Counter()))
    bank.save()
    assert "is not kept" in caplog.text


def test_a_folder_in_its_place_is_only_worth_a_word(banks, caplog):
    (banks.folder / bank_name(VIDEO, FACE, "counter")).mkdir(parents=True)
    bank = banks.open(FACE, "counter", Engine())
    assert bank.get(0) is None
    bank.add(0, KnownPiece(track(0), Counter()))
    bank.save()
    assert "is not used" in caplog.text
    assert "is not kept" in caplog.text


def test_names_say_the_video_and_nothing_of_the_face():
    name = bank_name(VIDEO, FACE, "mesh")
    assert name.startswith(f"{VIDEO}-")
    assert name.endswith(".bank")
    assert bank_name(VIDEO, FACE, "mesh") == name


def test_a_piece_on_the_shelf_is_the_same_without_its_memory():
    shelf = Shelf(Engine())
    lying = {piece: shelf.put(KnownPiece(track(piece), Counter(piece))) for piece in (4, 1)}
    for piece, known in lying.items():
        assert same(known.track, track(piece))
        assert known.observer == Counter(piece)
        assert known.track is not known.track  # read anew, nothing is held
    assert shelf.put(lying[4]) is lying[4]


def test_pieces_from_the_shelf_are_kept_beside_those_that_were_known(banks, taught):
    again = banks.open(FACE, "counter", Engine())
    shelf = Shelf(Engine())
    again.add(1, shelf.put(KnownPiece(track(1), Counter(11))))
    again.save()
    again.add(2, shelf.put(KnownPiece(track(2), Counter(12))))
    again.save()
    third = banks.open(FACE, "counter", Engine())
    assert [third.get(piece).observer.seen for piece in range(4)] == [10, 11, 12, 13]
    assert same(third.get(1).track, track(1))


def test_what_was_found_can_be_read_when_the_file_was_replaced(banks, taught):
    again = banks.open(FACE, "counter", Engine())
    known = again.get(3)
    again.add(5, KnownPiece(track(5), Counter(15)))
    again.save()
    taught.path.unlink()
    assert same(known.track, track(3))
    assert known.observer == Counter(13)
