"""A second line for a video skips what is known of it, and nothing else differs."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace

import pytest
from dubbing_clips import SMILE, SPOKEN, make_film
from face_clips import Person

from lipwright.dubbing import pieces
from lipwright.dubbing.banks import FaceBanks
from lipwright.dubbing.dub import dub
from lipwright.dubbing.identify import identify
from lipwright.dubbing.made_by import content_hash
from lipwright.dubbing.types import Fit, Line
from lipwright.errors import FailedError
from lipwright.render.mesh.engine import MeshEngine

PAIR = (
    Person(0, 10_000, 92, 96, side=168, drift=0.1),
    Person(0, 10_000, 280, 96, side=168, drift=-0.1),
)
LINE = Line("0", SPOKEN, 100, 1_400, 600)


@pytest.fixture(scope="module", autouse=True)
def only_what_lines_cover():
    """Else all of these short films would be known from the first line on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "LEAST_PIECES", 0)
        yield


@pytest.fixture(scope="module")
def film(folder):
    """Five seconds of a face: three pieces."""
    return make_film(folder / "five.mp4", SMILE, count=125)


@pytest.fixture(scope="module")
def faces(film):
    return identify(film)


@pytest.fixture(scope="module")
def say(film, faces, folder):
    """Dub and give the file's bytes and how many frames were looked at."""
    count = 0

    def say(lines, banks=None, **options):
        nonlocal count
        count += 1
        lines = lines if isinstance(lines, list) else [lines]
        output = folder / f"known{count}.mp4"
        done = dub(film, faces, lines, output=output, banks=banks, **options)
        return output.read_bytes(), done.frames_looked_at

    return say


@pytest.fixture(scope="module")
def plain(say):
    """What is said of `LINE` where nothing is kept."""
    return say(LINE)


@pytest.fixture(scope="module")
def learned(film, folder, say):
    """A folder in which a first `LINE` left what it learned: pieces 0 and 1."""
    banks = FaceBanks(folder / "learned", content_hash(film))
    return banks, *say(LINE, banks)


@pytest.fixture
def banks(learned, tmp_path):
    """A copy of it."""
    copy = FaceBanks(tmp_path / "banks", learned[0].video)
    shutil.copytree(learned[0].folder, copy.folder)
    return copy


def file_of(banks):
    [path] = banks.folder.iterdir()
    return path


def test_the_second_line_looks_at_no_frame_and_the_result_is_the_same(say, plain, learned, banks):
    stages = []
    assert learned[1:] == plain
    assert plain[1] > 60
    assert say(LINE, banks, progress=lambda p: stages.append(p.stage)) == (plain[0], 0)
    assert set(stages) == {"render"}


def test_another_line_looks_only_at_what_is_missing(say, banks):
    later = replace(LINE, insert_ms=3_300)  # from 2.8 s: pieces 1 and 2
    wanted, all_looked = say(later)
    found, looked = say(later, banks)
    assert found == wanted
    assert 0 < looked < 0.5 * all_looked
    # What was known before is still known.
    assert say([LINE, later], banks) == (say([LINE, later])[0], 0)


def test_a_shorter_line_needs_no_more(say, banks):
    shorter = replace(LINE, speech_end_ms=900, insert_ms=800)
    assert say(shorter, banks) == (say(shorter)[0], 0)


def test_a_video_that_is_repeated_uses_what_is_known_of_it_once(say, banks):
    looped = replace(LINE, insert_ms=4_500, fit=Fit.LOOP_VIDEO)
    wanted, looked = say(looped)
    # From 4.0 s to 6.3 s, that is 1.3 s: all but the second piece.
    assert 60 < looked < 100
    found, looked = say(looped, banks)
    assert found == wanted
    assert 0 < looked < 40
    again = replace(looped, insert_ms=9_500)
    assert say(again, banks) == (say(again)[0], 0)


def test_two_faces_are_known_by_themselves(tmp_path, folder):
    film = make_film(folder / "pair.mp4", PAIR, count=60, width=384)
    faces = identify(film)
    assert len(faces.faces) == 2
    banks = FaceBanks(tmp_path / "banks", content_hash(film))
    one = replace(LINE, insert_ms=300)
    other = replace(one, face_id="1", speech_end_ms=1_200)
    out = [tmp_path / f"{i}.mp4" for i in range(3)]
    dub(film, faces, [one], output=out[0], banks=banks)
    half = dub(film, faces, [one, other], output=out[1], banks=banks)
    assert half.frames_looked_at > 0
    assert len(list(banks.folder.iterdir())) == 2
    full = dub(film, faces, [one, other], output=out[2], banks=banks)
    assert full.frames_looked_at == 0
    dub(film, faces, [one, other], output=out[0])
    assert out[0].read_bytes() == out[1].read_bytes() == out[2].read_bytes()


def test_a_damaged_file_is_made_anew(say, plain, banks, caplog):
    path = file_of(banks)
    path.write_bytes(path.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        assert say(LINE, banks) == plain
    assert "damaged" in caplog.text
    assert say(LINE, banks)[1] == 0


def test_an_engine_that_stumbles_over_what_was_kept_looks_again(
    say, plain, banks, monkeypatch, caplog
):
    merge, calls = MeshEngine.merge, []

    def stumble(self, observers):
        calls.append(len(observers))
        if len(calls) == 1:
            raise IndexError("no such patch")
        return merge(self, observers)

    monkeypatch.setattr(MeshEngine, "merge", stumble)
    assert say(LINE, banks) == plain
    assert "of no use" in caplog.text
    assert calls == [2, 2]


def test_an_engine_that_cannot_keep_is_not_kept(say, plain, tmp_path, learned, monkeypatch):
    monkeypatch.setattr(MeshEngine, "observer_version", "")
    nowhere = FaceBanks(tmp_path / "nowhere", learned[0].video)
    assert say(LINE, nowhere)[1] == plain[1]
    assert not nowhere.folder.exists()


def test_a_failure_that_has_nothing_to_do_with_it_is_none_of_its_fault(say, banks, monkeypatch):
    calls = []

    def fail(self, track, observer):
        calls.append(len(track.times))
        raise FailedError("speech_model", "the weights are gone")

    monkeypatch.setattr(MeshEngine, "prepare", fail)
    with pytest.raises(FailedError):
        say(LINE, banks)
    assert len(calls) == 1
