from __future__ import annotations

import asyncio
import threading

import pytest

from lipwright.api.problems import Problem, ProblemKind
from lipwright.api.threads import Lane


def test_a_lane_runs_no_more_than_its_width_and_never_blocks_the_loop() -> None:
    running = most = 0
    lock, may_end = threading.Lock(), threading.Event()

    def work() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        assert may_end.wait(60)
        with lock:
            running -= 1
        return threading.get_ident()

    async def main() -> list[int]:
        lane = Lane(2)
        jobs = asyncio.gather(*(lane.run(work) for _ in range(6)))
        while running < 2:
            await asyncio.sleep(0.005)
        for _ in range(10):  # the loop goes on while none of them can end
            await asyncio.sleep(0.005)
        may_end.set()
        return await jobs

    threads = asyncio.run(main())
    assert most == 2
    assert threading.get_ident() not in threads


def test_whoever_waits_too_long_for_his_turn_is_sent_away() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return may_end.wait(60)

    async def main() -> None:
        lane = Lane(1, wait_s=0.05)
        long = asyncio.create_task(lane.run(work))
        while not begun.is_set():
            await asyncio.sleep(0.005)
        with pytest.raises(Problem) as caught:
            await lane.run(begun.is_set)
        assert caught.value.kind is ProblemKind.BUSY
        may_end.set()
        assert await long
        lane._wait_s = 60.0
        await lane.run(begun.is_set)  # the turn came back

    asyncio.run(main())


def test_an_error_gives_the_turn_back() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def main() -> None:
        lane = Lane(1, wait_s=60.0)
        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                await lane.run(fail)

    asyncio.run(main())
