"""Have the weights here before a command shows its own progress."""

from __future__ import annotations


def have_weights() -> None:
    """Fetch whatever is missing, with a progress bar of its own.

    The folder is the settings' one, so that a ``.env`` file counts here too.
    """
    from lipwright.cli.configuration import read_settings
    from lipwright.models.catalogue import CATALOGUE
    from lipwright.models.store import require, use_models_folder

    use_models_folder(read_settings().models_dir)
    for name in CATALOGUE:
        require(name)
