"""Have the weights here before a command shows its own progress or takes work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipwright.settings import Settings


def have_weights(settings: Settings | None = None) -> None:
    """Fetch whatever is missing, with a progress bar of its own.

    The folder is the settings' one, so that a ``.env`` file counts here too; this process and
    its children look for them there from now on.

    Raises
    ------
    FailedError
        They are not here and cannot be fetched.
    """
    from lipwright.cli.configuration import read_settings
    from lipwright.models.catalogue import CATALOGUE
    from lipwright.models.store import require, use_models_folder

    use_models_folder((settings or read_settings()).models_dir)
    for name in CATALOGUE:
        require(name)
