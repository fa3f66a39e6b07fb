from __future__ import annotations

import cv2
import pytest

from lipwright.media.threads import opencv_in_one_thread


@pytest.fixture(autouse=True)
def _three_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_it_is_as_it_was_after_the_last_block():
    with opencv_in_one_thread():
        assert cv2.getNumThreads() == 1
        with opencv_in_one_thread():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 3


def stumble():
    with opencv_in_one_thread():
        raise ZeroDivisionError


def test_also_after_an_error():
    with pytest.raises(ZeroDivisionError):
        stumble()
    assert cv2.getNumThreads() == 3
