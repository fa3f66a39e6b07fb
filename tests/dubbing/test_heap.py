from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import pytest

from lipwright.dubbing.heap import give_back


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")
def test_what_is_free_goes_back_to_the_system() -> None:
    # Blocks too small to be mapped one by one, and something behind them that stays.
    blocks = [np.full(4_000, i, np.float64) for i in range(3_000)]
    last = np.ones(4_000)
    held = resident()
    blocks.clear()
    give_back()
    assert resident() < held - 50_000_000
    assert last.sum() == 4_000
