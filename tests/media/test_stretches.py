from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lipwright.media.avc import ParameterSets
from lipwright.media.groups import Groups
from lipwright.media.stretches import Stretch, plan_stretches

RATE = 25.0


def groups(count, starts, clean=None):
    every = np.ones(count + 1, dtype=bool) if clean is None else clean
    return Groups(
        ParameterSets((), ()), np.arange(count, dtype=np.int64), every, np.array(starts), 0
    )


def changed(count, *spans):
    marks = np.zeros(count, dtype=bool)
    for first, stop in spans:
        marks[first:stop] = True
    return marks


def planned(count, spans, found, keys=()):
    return plan_stretches(count, changed(count, *spans), RATE, found, np.array(keys, np.int64))


def test_untouched_groups_are_copied_and_touched_ones_from_the_first_touch_on_not():
    found = planned(500, [(180, 260)], groups(500, range(0, 500, 50)))
    assert found == (Stretch(0, 180, True), Stretch(180, 300, False), Stretch(300, 500, True))


def test_copying_ends_only_where_nothing_reaches_across():
    clean = np.ones(501, dtype=bool)
    clean[176:181] = False
    found = planned(500, [(180, 260)], groups(500, range(0, 500, 50), clean))
    assert found[0] == Stretch(0, 175, True)


def test_nothing_touched_is_all_copied_and_no_groups_is_all_encoded():
    assert planned(100, [], groups(100, [0, 50])) == (Stretch(0, 100, True),)
    assert planned(100, [], None) == (Stretch(0, 100, False),)
    assert planned(0, [], None) == (Stretch(0, None, False),)


def test_pictures_before_the_first_fresh_start_are_encoded():
    assert planned(200, [], groups(200, [30, 90])) == (
        Stretch(0, 30, False),
        Stretch(30, 200, True),
    )


def test_a_short_copy_between_is_not_worth_it():
    found = planned(400, [(100, 120), (140, 180)], groups(400, range(400)))
    assert found == (Stretch(0, 100, True), Stretch(100, 180, False), Stretch(180, 400, True))


def test_long_runs_end_at_key_frames_best_where_nothing_changes():
    keys = [0, 230, 300, 500, 740]
    found = planned(1_000, [(0, 260), (320, 1_000)], None, keys)
    # 230 is nearer to the tenth second, but there the mouth is changed.
    assert found[0] == Stretch(0, 300, False)
    # No key frame in reach is untouched: the nearest it is.
    assert found[1] == Stretch(300, 500, False)


def test_without_key_frames_runs_end_where_nothing_changes():
    found = planned(700, [(0, 270), (290, 700)], None, [0])
    assert found[0] == Stretch(0, 270, False)
    assert found[1].stop == 520


@pytest.mark.parametrize("seed", range(30))
def test_every_plan_is_whole_and_honest(seed):
    chance = np.random.default_rng(seed)
    count = int(chance.integers(1, 3_000))
    starts = np.unique(chance.integers(0, count, chance.integers(1, 40)))
    clean = chance.random(count + 1) < 0.4
    clean[[0, count, *starts]] = True
    spans = [sorted(chance.integers(0, count, 2)) for _ in range(chance.integers(0, 4))]
    marks = changed(count, *spans)
    found = plan_stretches(count, marks, RATE, groups(count, starts, clean), starts)
    assert found[0].first == 0
    assert found[-1].stop == count
    assert all(a.stop == b.first for a, b in pairwise(found))
    for one in found:
        if one.copied:
            assert not marks[one.first : one.stop].any()
            assert one.first in starts
            assert clean[one.stop]
        else:
            assert 1 <= one.stop - one.first <= 16 * RATE
    assert found == plan_stretches(count, marks, RATE, groups(count, starts, clean), starts)
