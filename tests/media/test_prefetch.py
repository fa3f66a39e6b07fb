from __future__ import annotations

import threading
import time

import pytest

from lipwright.media.prefetch import prefetched


def test_items_come_in_order():
    with prefetched(lambda: iter(range(100))) as items:
        assert list(items) == list(range(100))


def test_an_error_comes_in_its_place():
    def some():
        yield 1
        yield 2
        raise KeyError("three")

    with prefetched(some) as items:
        assert [next(items), next(items)] == [1, 2]
        with pytest.raises(KeyError, match="three"):
            next(items)


def test_it_runs_ahead_but_not_further_than_asked():
    made = []

    def some():
        for number in range(50):
            made.append(number)
            yield number

    with prefetched(some, depth=4) as items:
        assert next(items) == 0
        deadline = time.monotonic() + 120
        while len(made) < 6 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        # One taken, four ready, one in hand.
        assert len(made) == 6


def test_leaving_early_stops_the_thread_and_closes_the_iterator():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = set(threading.enumerate())
    with prefetched(endless) as items:
        next(items)
    assert closed.is_set()
    assert set(threading.enumerate()) <= before  # others may end meanwhile


def broken_off():
    with prefetched(lambda: iter(range(10))) as items:
        next(items)
        raise ZeroDivisionError


def test_an_error_of_the_reader_passes_through():
    with pytest.raises(ZeroDivisionError):
        broken_off()


def test_who_waits_in_another_thread_is_let_go():
    gate = threading.Event()

    def stuck():
        yield 1
        gate.wait(60)

    taken = []
    with prefetched(stuck) as items:
        waiting = threading.Thread(target=lambda: taken.extend(items))
        waiting.start()
        gate.set()
    waiting.join(60)
    assert not waiting.is_alive()
    assert taken == [1] or not taken
