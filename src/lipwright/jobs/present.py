"""Whether the weights that all work needs are on this machine."""

from __future__ import annotations

from lipwright.models.catalogue import CATALOGUE
from lipwright.models.store import FileState, ModelStore
from lipwright.settings import Settings


def check_models(settings: Settings) -> None:
    """Look for the weights; what was once read in full is not read again.

    Raises
    ------
    FileNotFoundError
        Some are missing or wrong; the message names them.
    """
    store = ModelStore(settings.models_dir)
    bad = [name for name in CATALOGUE if set(store.states(name).values()) != {FileState.OK}]
    if bad:
        raise FileNotFoundError(f"not in {settings.models_dir}: {', '.join(bad)}")
