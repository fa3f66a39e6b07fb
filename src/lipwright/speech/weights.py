"""Which of the two sets of mouth weights speaks; the model card compares them."""

from __future__ import annotations

import os
from typing import Final

from lipwright.errors import BadInputError

WEIGHTS_VARIABLE: Final = "LIPWRIGHT_MOUTH_WEIGHTS"

BEST: Final = "best"
"""The ones that follow real mouths most closely."""

CLEAN: Final = "clean"
"""Made only from material whose licence allows commercial use."""

FILES: Final = {BEST: "mouth_network.npz", CLEAN: "mouth_network_clean.npz"}


def chosen_weights() -> str:
    """The set that the environment asks for, `BEST` if it asks for none."""
    return os.environ.get(WEIGHTS_VARIABLE, "").strip().lower() or BEST


def use_weights(name: str) -> None:
    """Make this process and its children speak with a set.

    Raises
    ------
    BadInputError
        field ``mouth_weights``: there is no such set.
    """
    os.environ[WEIGHTS_VARIABLE] = checked_weights(name)


def checked_weights(name: str) -> str:
    """Give the name back if there is such a set.

    Raises
    ------
    BadInputError
        field ``mouth_weights``: there is none.
    """
    if name not in FILES:
        raise BadInputError("mouth_weights", "bad_setting", f"must be one of {', '.join(FILES)}")
    return name
