from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.choice import OWN_FRAME, MouthLook, choose

COUNT = 30


def looks(openings, *, start=100, yaw=0.0, scale=80.0, sharpness=1.0):
    count = len(openings)
    values = np.zeros((count, 6))
    values[:, 0] = openings
    angles = np.zeros((count, 3))
    angles[:, 0] = yaw
    return MouthLook(
        np.arange(start, start + 10 * count, 10),
        values,
        angles,
        np.full(count, scale),
        np.broadcast_to(np.asarray(sharpness, float), count).copy(),
    )


def frames(openings):
    look = looks(openings)
    return MouthLook(np.arange(len(openings)), look.values, look.angles, look.scale, look.sharpness)


def wanted(openings):
    values = np.zeros((len(openings), 6))
    values[:, 0] = openings
    return values


def mostly(shares):
    return shares.argmax(1)


def test_shares_add_up_and_few_pictures_share_a_frame():
    rng = np.random.default_rng(0)
    shares = choose(
        wanted(rng.uniform(0, 0.3, COUNT)),
        frames(rng.uniform(0, 0.3, COUNT)),
        looks(np.linspace(0, 0.3, 12)),
    )
    assert shares.sum(1) == pytest.approx(np.ones(COUNT))
    assert ((shares > 0).sum(1) <= 3).all()


def test_a_frame_that_shows_what_is_wanted_is_left_its_own():
    openings = np.linspace(0.0, 0.25, COUNT)
    shares = choose(wanted(openings), frames(openings), looks(np.linspace(0, 0.3, 12)))
    assert (mostly(shares) == OWN_FRAME).all()


def test_lips_that_shall_rest_are_taken_from_where_they_rest():
    laughing = np.full(COUNT, 0.25)
    shares = choose(wanted(np.zeros(COUNT)), frames(laughing), looks([0.25, 0.12, 0.0]))
    assert (mostly(shares) == 3).all()


def test_an_open_mouth_is_taken_from_where_it_is_open():
    shares = choose(wanted(np.full(COUNT, 0.2)), frames(np.zeros(COUNT)), looks([0.0, 0.22, 0.45]))
    assert (mostly(shares) == 2).all()


def test_where_no_picture_is_open_the_frame_stays_its_own():
    shares = choose(wanted(np.full(COUNT, 0.2)), frames(np.zeros(COUNT)), looks([0.0, 0.004]))
    assert (mostly(shares) == OWN_FRAME).all()


def test_it_does_not_hop_between_pictures_that_are_as_good():
    rng = np.random.default_rng(1)
    trembling = 0.2 + rng.normal(0, 0.004, COUNT)
    shares = choose(wanted(trembling), frames(np.zeros(COUNT)), looks([0.19, 0.2, 0.21]))
    assert len(set(mostly(shares).tolist())) == 1


def test_it_changes_where_the_mouth_does():
    openings = np.where(np.arange(COUNT) < 15, 0.0, 0.25)
    shares = choose(wanted(openings), frames(np.full(COUNT, 0.12)), looks([0.0, 0.26]))
    assert (mostly(shares) == np.where(np.arange(COUNT) < 15, 1, 2)).all()
    assert set(np.unique(shares)) == {0.0, 1.0}  # what snaps open does not dissolve


def test_slow_changes_dissolve():
    openings = np.linspace(0.0, 0.25, 60)
    shares = choose(wanted(openings), frames(np.full(60, 0.5)), looks([0.0, 0.26]))
    mixed = (shares[:, 1] > 0) & (shares[:, 2] > 0)
    assert mixed.sum() == 2
    assert (np.diff(shares[:, 2]) >= -1e-6).all()


def test_nothing_dissolves_across_frames_that_are_left_out():
    openings = np.linspace(0.0, 0.25, COUNT)
    there = frames(np.full(COUNT, 0.5))
    at = int(mostly(choose(wanted(openings), there, looks([0.0, 0.26]))).searchsorted(2))
    index = there.frame_indices + 40 * (np.arange(COUNT) >= at)
    holed = MouthLook(index, there.values, there.angles, there.scale, there.sharpness)
    shares = choose(wanted(openings), holed, looks([0.0, 0.26]))
    assert set(np.unique(shares)) == {0.0, 1.0}


@pytest.mark.parametrize(
    "worse",
    [{"yaw": 30.0}, {"scale": 30.0}, {"sharpness": 0.3}],
    ids=["turned", "small", "blurred"],
)
def test_a_worse_picture_is_not_taken(worse):
    good, bad = looks([0.2]), looks([0.2], **worse)
    both = MouthLook(
        *(
            np.concatenate([getattr(bad, f), getattr(good, f)])
            for f in MouthLook.__dataclass_fields__
        )
    )
    shares = choose(wanted(np.full(COUNT, 0.2)), frames(np.zeros(COUNT)), both)
    assert (mostly(shares) == 2).all()


def test_without_pictures_or_frames_there_is_nothing_to_choose():
    nothing = looks(np.zeros(0))
    assert (choose(wanted([0.1, 0.1]), frames([0, 0]), nothing) == [[1.0], [1.0]]).all()
    assert choose(wanted([]), frames([]), looks([0.1])).shape == (0, 2)
