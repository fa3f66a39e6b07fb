from __future__ import annotations

import asyncio
import threading
import time

import pytest

from lipwright.api.problems import Problem, ProblemKind
from lipwright.api.threads import Lane


def test_a_lane_runs_no_more_than_its_width_and_never_blocks_the_loop() -> None:
    running = most = 0
    lock = threading.Lock()

    def work() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return threading.get_ident()

    async def main() -> tuple[list[int], int]:
        lane = Lane(2)
        jobs = asyncio.gather(*(lane.run(work) for _ in range(6)))
        ticks = 0
        while not jobs.done():
            await asyncio.sleep(0.005)
            ticks += 1
        return await jobs, ticks

    threads, ticks = asyncio.run(main())
    assert most == 2
    assert threading.get_ident() not in threads
    assert ticks > 5


def test_whoever_waits_too_long_for_his_turn_is_sent_away() -> None:
    async def main() -> None:
        lane = Lane(1, wait_s=0.05)
        long = asyncio.create_task(lane.run(time.sleep, 0.4))
        await asyncio.sleep(0.02)
        with pytest.raises(Problem) as caught:
            await lane.run(time.sleep, 0)
        assert caught.value.kind is ProblemKind.BUSY
        await long
        await lane.run(time.sleep, 0)  # the turn came back

    asyncio.run(main())


def test_an_error_gives_the_turn_back() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def main() -> None:
        lane = Lane(1, wait_s=0.5)
        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                await lane.run(fail)

    asyncio.run(main())
