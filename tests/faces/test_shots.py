from __future__ import annotations

import numpy as np
import pytest
from face_clips import Person, film, frame_of, portrait, wall

from lipwright.faces.shots import ShotDetector

WIDTH, HEIGHT = 320, 180


def cuts_of(pictures):
    detector = ShotDetector()
    frames = (frame_of(np.clip(p, 0, 255).astype(np.uint8), i) for i, p in enumerate(pictures))
    return [frame.index for frame in frames if detector.begins_shot(frame)]


def street(left):
    """What a camera sees of something wide: the portrait, over and over."""
    wide = np.concatenate([portrait(), portrait()[:, ::-1], portrait()], axis=1)
    return wide[100 : 100 + HEIGHT, left : left + WIDTH].astype(float)


def other(left=0):
    return portrait()[300 : 300 + HEIGHT, left : left + WIDTH].astype(float)


def test_the_first_frame_begins_a_shot():
    assert cuts_of([street(0)]) == [0]


@pytest.mark.parametrize("at", [2, 9, 23])
def test_a_cut_is_found_at_its_frame_and_once(at):
    assert cuts_of([street(i) if i < at else other(i) for i in range(30)]) == [0, at]


def test_quick_cuts_are_all_found():
    shown = [street, other, lambda left: street(500 + left), other]
    assert cuts_of([shown[i // 6](i) for i in range(24)]) == [0, 6, 12, 18]


@pytest.mark.parametrize("speed", [1, 2, 4, 8, 12])
def test_a_pan_is_no_cut(speed):
    assert cuts_of([street(speed * i) for i in range(60)]) == [0]


def test_a_cut_out_of_a_pan_is_found():
    assert cuts_of([street(3 * i) if i < 20 else other(i) for i in range(40)]) == [0, 20]


@pytest.mark.parametrize("frames", [1, 2])
def test_a_flash_is_no_cut(frames):
    flash = range(14, 14 + frames)
    assert cuts_of([0.6 * street(i) + 80 * (i in flash) for i in range(30)]) == [0]


@pytest.mark.parametrize("frames", [12, 25, 50])
def test_fades_are_no_cuts(frames):
    dark = [street(0) * (1 - i / frames) for i in range(frames + 1)]
    assert cuts_of([street(0)] * 5 + dark + dark[::-1]) == [0]


def test_a_slow_dissolve_is_no_cut():
    mixed = [street(0) * (1 - i / 25) + other() * i / 25 for i in range(26)]
    assert cuts_of([street(0)] * 5 + mixed + [other()] * 5) == [0]


def test_people_who_come_and_go_are_no_cuts():
    people = [Person(8, 30, 90, 90), Person(15, 22, 230, 90, drift=2)]
    assert cuts_of(_rgb(film(40, people))) == [0]


def test_grain_is_no_cut():
    noise = np.random.default_rng(1)
    assert cuts_of([street(0) + noise.normal(0, 12, (HEIGHT, WIDTH, 1)) for _ in range(30)]) == [0]


@pytest.mark.parametrize("at", [7, 8, 9])
def test_it_is_not_calm_across_a_cut_where_frames_were_left_out(at):
    pictures = [street(i) if i < at else other() for i in range(20)]
    detector = ShotDetector()
    excited = []
    for index in range(0, 20, 3):
        frame = frame_of(pictures[index].astype(np.uint8), index)
        if not detector.is_calm(frame):
            excited.append(index)
        detector.begins_shot(frame, 3)
    assert excited == [0, 9]


def test_what_is_usual_is_told_by_the_frame():
    """A pan of which some frames were left out hides a cut no better than all of it."""
    detector = ShotDetector()
    for index in range(0, 20, 2):
        detector.begins_shot(frame_of(street(6 * index).astype(np.uint8), index), 2)
    sparse = detector._usual
    detector = ShotDetector()
    for index in range(20):
        detector.begins_shot(frame_of(street(6 * index).astype(np.uint8), index))
    assert sparse == pytest.approx(detector._usual, rel=0.25)


def test_a_new_picture_size_begins_a_shot():
    detector = ShotDetector()
    assert detector.begins_shot(frame_of(wall(320, 180)))
    assert not detector.begins_shot(frame_of(wall(320, 180)))
    assert detector.begins_shot(frame_of(wall(180, 320)))


def _rgb(frames):
    return [np.repeat(frame.y[..., None], 3, axis=2).astype(float) for frame in frames]
