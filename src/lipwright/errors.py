"""The errors that leave the core, in the core's own words.

The HTTP facade turns them into API codes and field names, the command line into exit codes.
"""

from __future__ import annotations


class LipwrightError(Exception):
    """Base of everything that lipwright raises on purpose."""


class BadInputError(LipwrightError):
    """What the caller sent cannot be used; sending it again unchanged cannot help.

    Parameters
    ----------
    field
        Neutral name of the offending input: ``video``, ``speech``, ``face``, ``speech_start``,
        ``speech_end``, ``insert``, ``speech_volume``, ``original_volume``, ``session``, …
        Facades translate it to their own field names.
    reason
        Stable machine-readable word in snake case, e.g. ``too_short``.
    detail
        One sentence for people that names the limit and the value found, without the field's
        name and without a full stop.
    index
        Which entry of a list the field belongs to, if it belongs to one.
    """

    def __init__(self, field: str, reason: str, detail: str, *, index: int | None = None) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.reason = reason
        self.detail = detail
        self.index = index


class FailedError(LipwrightError):
    """Work on good input failed; the message says why in one sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
