"""Ids that clients see: 18 random digits, as a string."""

from __future__ import annotations

import secrets

_FIRST = 10**17


def new_id() -> str:
    """Return 18 random digits, the first not 0: about 60 bits, and it fits 64-bit integers."""
    return str(_FIRST + secrets.randbelow(9 * _FIRST))
