"""Have the weights here before a command shows its own progress or takes work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipwright.settings import Settings


def have_weights(settings: Settings | None = None) -> None:
    """Fetch whatever is missing, with a progress bar of its own.

    The folder, the choice of mouth weights and the device are the settings', so that a ``.env``
    file counts here too; this process and its children go by them from now on.

    Raises
    ------
    FailedError
        They are not here and cannot be fetched.
    """
    from lipwright.cli.configuration import read_settings
    from lipwright.models.catalogue import CATALOGUE
    from lipwright.models.store import require, use_models_folder
    from lipwright.render.neural.providers import use_device
    from lipwright.speech.weights import use_weights

    chosen = settings or read_settings()
    use_models_folder(chosen.models_dir)
    use_weights(chosen.mouth_weights)
    use_device(chosen.neural_device)
    for name in CATALOGUE:
        require(name)
