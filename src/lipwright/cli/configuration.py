"""Settings for a command: the environment and ``.env``, under what the options say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lipwright.settings import Settings


def read_settings(**options: Any) -> Settings:
    """Read the settings; an option that was given wins, ``None`` means that it was not.

    Raises
    ------
    BadInputError
        A setting has a value that it cannot have; the message names the variable.
    """
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from lipwright.errors import BadInputError
    from lipwright.settings import ENV_PREFIX, Settings

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        label = f"--{name.replace('_', '-')}" if name in given else ENV_PREFIX + name.upper()
        detail = first["msg"].removeprefix("Value error, ")
        raise BadInputError(label, "bad_setting", detail) from error
    except SettingsError as error:
        raise BadInputError("settings", "bad_setting", str(error)) from error
