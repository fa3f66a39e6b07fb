"""Memory that is free, given back to the system.

The C library keeps what was freed for the next one who asks. Between the stages of a render, which
need memory of quite different shapes, hardly anything of it is ever used again.
"""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Give free memory back, where the C library can be asked to (glibc); else nothing happens."""
    if sys.platform != "linux":
        return
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
