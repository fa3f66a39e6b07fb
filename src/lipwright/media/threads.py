"""OpenCV without threads of its own, while frames are already worked on side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_lock = threading.Lock()
_inside = 0
_before = 0


@contextmanager
def opencv_in_one_thread() -> Iterator[None]:
    """Let OpenCV work in the calling thread only.

    Its own threads wait for each other busily. Beside a decoder and an encoder that have work for
    every core they make a frame no sooner, and cost half as much again. What OpenCV computes does
    not depend on it. The setting is the process's; it comes back when the last block ends.
    """
    global _inside, _before
    with _lock:
        if not _inside:
            _before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                cv2.setNumThreads(_before)
