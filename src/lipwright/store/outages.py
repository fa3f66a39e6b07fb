"""Which errors say only that the database or the object store is away for the moment."""

from __future__ import annotations

from obstore.exceptions import GenericError
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

OUTAGES: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    TimeoutError,
    GenericError,
)
"""Connections refused, cut, timed out; what is missing or forbidden is none of these."""
