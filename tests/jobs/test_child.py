from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lipwright.dubbing.types import Progress
from lipwright.errors import BadInputError, FailedError
from lipwright.jobs.child import YIELDING_NICE, Child, ChildCancelledError, ChildLimits, run_child

LIMITS = ChildLimits(memory_mb=500, time_s=300)
PATIENCE_S = 120.0
"""Less than what is killed here would go on by itself."""


def gone(pid: int, within_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_result_and_progress_come_back_whatever_the_function_prints() -> None:
    seen: list[Progress] = []
    result = run_child("child_doubles:echo", {"word": "hallo"}, LIMITS, progress=seen.append)
    assert result["said"] == "hallo"
    assert seen == [Progress("thinking", 0.25), Progress("speaking", 0.75)]


def test_bad_input_crosses_the_boundary_intact() -> None:
    with pytest.raises(BadInputError) as caught:
        run_child("child_doubles:bad_input", {}, LIMITS)
    error = caught.value
    assert (error.field, error.reason, error.index) == ("speech_end", "past_end", 1)
    assert error.detail == "6000 ms is past the end"


@pytest.mark.parametrize(
    ("function", "reason", "words"),
    [
        ("failed", "no_model", "the model is gone"),
        ("surprise", "internal", "unexpected ZeroDivisionError"),
        ("crash", "crashed", "SIGSEGV"),
        ("leave", "crashed", "code 7"),
    ],
)
def test_failures_and_crashes_become_failed_errors(function: str, reason: str, words: str) -> None:
    with pytest.raises(FailedError, match=words) as caught:
        run_child(f"child_doubles:{function}", {}, LIMITS)
    assert caught.value.reason == reason


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no niceness")
def test_a_child_that_yields_lets_others_go_before() -> None:
    own = psutil.Process().nice()
    with Child(yielding=True) as yielding, Child() as equal:
        assert psutil.Process(equal.pid).nice() == own
        assert psutil.Process(yielding.pid).nice() == min(19, own + YIELDING_NICE)
        assert yielding.run("child_doubles:echo", {"word": "hallo"}, LIMITS)["said"] == "hallo"


def test_too_much_memory_kills_the_child() -> None:
    with pytest.raises(FailedError, match="more than 200 MB") as caught:
        run_child("child_doubles:eat_memory", {}, ChildLimits(memory_mb=200, time_s=300))
    assert caught.value.reason == "out_of_memory"


def test_too_much_time_kills_the_child_and_what_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    began = time.monotonic()
    run_child("child_doubles:echo", {"word": "how long does it take to start?"}, LIMITS)
    limit = 2 + round(10 * (time.monotonic() - began))
    with pytest.raises(FailedError, match=f"longer than {limit} s") as caught:
        run_child(
            "child_doubles:sleep_with_grandchild",
            {"marker": str(marker)},
            ChildLimits(memory_mb=500, time_s=limit),
        )
    assert caught.value.reason == "timed_out"
    assert gone(int(marker.read_text()))


def test_a_cancelled_child_is_killed_at_once() -> None:
    began = time.monotonic()
    with Child() as child:
        with pytest.raises(ChildCancelledError):
            child.run(
                "child_doubles:sleep",
                {"seconds": 600},
                LIMITS,
                cancelled=lambda: time.monotonic() - began > 0.5,
            )
        pid = child.pid
    assert gone(pid)


def test_a_warm_child_that_gets_no_order_leaves_nothing_behind() -> None:
    with Child(warm=["json"]) as child:
        pid = child.pid
    assert gone(pid)


def test_a_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    program = (
        "from lipwright.jobs.child import *\n"
        f"run_child('child_doubles:sleep', {{'seconds': 600, 'marker': {str(marker)!r}}},"
        " ChildLimits(500, 600))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    deadline = time.monotonic() + PATIENCE_S
    while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(int(marker.read_text()))
