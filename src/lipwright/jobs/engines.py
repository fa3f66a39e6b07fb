"""Which rendering engine a task gets: its own choice or the server's, if it can run here."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from lipwright.errors import BadInputError, FailedError
from lipwright.models.added import check_added
from lipwright.render.names import GROUP
from lipwright.settings import Settings


def engine_for(asked: str, settings: Settings) -> str:
    """Name of the engine that renders a task.

    Parameters
    ----------
    asked
        What the caller asks for; empty: whatever the server's setting says.

    Raises
    ------
    BadInputError
        field ``engine``: it is unknown (``unknown_engine``), or known but cannot run here
        (``no_weights``, ``no_onnxruntime``).
    """
    name = asked or settings.engine
    if name not in _registered():
        raise BadInputError(
            "engine", "unknown_engine", f"must be one of {', '.join(_registered())}"
        )
    check_added(name, settings.models_dir)
    return name


def usable_engines(settings: Settings) -> list[str]:
    """Names of the engines that a caller may ask for, in order."""
    found = []
    for name in _registered():
        try:
            found.append(engine_for(name, settings))
        except BadInputError:
            continue
    return found


@cache
def _registered() -> tuple[str, ...]:
    """Names in order; what is installed does not change while the process runs."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def check_default_engine(settings: Settings) -> None:
    """Say when the service starts, not with the first task, that its engine cannot run.

    Raises
    ------
    FailedError
        reason ``bad_engine``.
    """
    try:
        engine_for("", settings)
    except BadInputError as error:
        raise FailedError(
            "bad_engine", f"LIPWRIGHT_ENGINE={settings.engine}: {error.detail}"
        ) from error
