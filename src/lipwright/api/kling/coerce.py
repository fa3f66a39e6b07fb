"""Read the loose values that real clients send: numbers as text, ids as numbers, empty text."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

MAX_ID_CHARS = 128
FITS = ("strict", "trim", "pad", "loop_video")
_MAX_MS = 10**15
_WHOLE = re.compile(r"[+-]?\d{1,16}(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,16}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)


def without_absent(value: Any) -> Any:
    """Drop the fields of an object that are null or empty text: they count as not sent."""
    if not isinstance(value, dict):
        return value
    return {
        key: field
        for key, field in value.items()
        if not (field is None or (isinstance(field, str) and not field.strip()))
    }


def wrong(words: str) -> PydanticCustomError:
    """Return an error whose message is exactly these words."""
    return PydanticCustomError("lipwright", "{words}", {"words": words})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong("must be a string")
    return value.strip()


def _id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise wrong("must be a string")
    value = value.strip()
    if not is_id(value):
        raise wrong(f"must be 1 to {MAX_ID_CHARS} printable characters")
    return value


def _milliseconds(value: Any) -> int:
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        number = int(float(value)) if "." in value else int(value)
    if number is None:
        raise wrong("must be a whole number of milliseconds")
    if abs(number) > _MAX_MS:
        raise wrong("is not a time that a video or sound can have")
    return number


def _number(value: Any) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53:
        return float(value)
    if isinstance(value, float):
        return value
    raise wrong("must be a number")


def is_id(value: str) -> bool:
    """Whether text can be an id at all: short, and nothing that a database would choke on."""
    return 0 < len(value) <= MAX_ID_CHARS and value.isprintable()


def _fit(value: Any) -> str:
    if not isinstance(value, str) or value.strip().lower() not in FITS:
        raise wrong(f"must be one of {', '.join(FITS)}")
    return value.strip().lower()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong("must be true or false")
    return value


FitName = Annotated[Literal["strict", "trim", "pad", "loop_video"], BeforeValidator(_fit)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_id)]
Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]
Number = Annotated[float, BeforeValidator(_number)]
# The range stands before the reading: only so does pydantic put it into the JSON schema.
Volume = Annotated[float, Field(ge=0, le=2), BeforeValidator(_number)]
