"""Keep what native libraries print off the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_chatter_hidden() -> Iterator[None]:
    """Drop what native code writes to standard error; Python's own words still get there.

    LiteRT announces each accelerator that it creates, and offers no switch for it.
    """
    python_stderr = sys.stderr
    try:
        is_real = python_stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        is_real = False
    python_stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        if is_real:
            sys.stderr = os.fdopen(kept, "w", buffering=1, closefd=False)
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = python_stderr
        os.dup2(kept, 2)
        os.close(kept)
