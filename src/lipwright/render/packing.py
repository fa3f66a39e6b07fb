"""Frozen values as flat named arrays and back, so that they can be kept in a file.

What may come back is said by the type that is asked for, never by the file: reading makes no
object that the type does not name and runs no code of the file's choosing.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

Arrays = Mapping[str, NDArray[Any]]
"""Arrays of booleans, integers and floats by name."""

_SCALARS: Final = {bool: np.bool_, int: np.int64, float: np.float64}
_MOST_ITEMS: Final = 1_000_000


class PackingError(ValueError):
    """The arrays are not what the type asks for."""


def pack(value: Any) -> dict[str, NDArray[Any]]:
    """Take a value apart.

    Parameters
    ----------
    value
        A dataclass of arrays, numbers, strings, ``None``, lists or tuples of one type, and
        further such dataclasses.

    Returns
    -------
    The arrays by their path in the value, such as ``pose.rotation`` or ``seen.3.picture``.

    Raises
    ------
    PackingError
        There is something else in it.
    """
    arrays: dict[str, NDArray[Any]] = {}
    _pack("", value, arrays)
    return arrays


def unpack(kind: type[T], arrays: Arrays) -> T:
    """Put a value of a type together again.

    Parameters
    ----------
    kind
        The dataclass that was packed; its annotations decide what is read.
    arrays
        As `pack` gave them. Names that the type does not ask for are ignored.

    Raises
    ------
    PackingError
        Something is missing or of another type. Shapes are for the caller to check.
    """
    value: T = _unpack("", kind, arrays)
    return value


def below(arrays: Mapping[str, T], prefix: str) -> dict[str, T]:
    """Pick the arrays whose names begin with ``prefix``, and cut it off."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _pack(path: str, value: Any, arrays: dict[str, NDArray[Any]]) -> None:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise PackingError(f"{path}: arrays of {value.dtype} cannot be kept")
        arrays[path] = value
    elif type(value) in _SCALARS:
        arrays[path] = np.array(value, _SCALARS[type(value)])
    elif isinstance(value, str):
        arrays[path] = np.frombuffer(value.encode(), np.uint8)
    elif isinstance(value, list | tuple):
        arrays[_join(path, "count")] = np.array(len(value), np.int64)
        for index, item in enumerate(value):
            _pack(_join(path, str(index)), item, arrays)
    elif is_dataclass(value) and not isinstance(value, type):
        if path:
            arrays[path] = np.array(True)  # there is one, even if all of its fields are None
        for field in fields(value):
            _pack(_join(path, field.name), getattr(value, field.name), arrays)
    else:
        raise PackingError(f"{path}: a {type(value).__name__} cannot be kept")


def _unpack(path: str, kind: Any, arrays: Arrays) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _unpack_optional(path, kind, arrays)
    if origin is np.ndarray or kind is np.ndarray:
        return _array(path, kind, arrays)
    if origin in (list, tuple):
        return _unpack_items(path, kind, arrays)
    if kind in _SCALARS:
        found = _get(path, arrays)
        if found.shape != () or found.dtype != _SCALARS[kind]:
            raise PackingError(f"{path}: not one {kind.__name__}")
        return found.item()
    if kind is str:
        try:
            return _get(path, arrays).astype(np.uint8).tobytes().decode()
        except UnicodeDecodeError:
            raise PackingError(f"{path}: not text") from None
    if isinstance(kind, type) and is_dataclass(kind):
        made = {
            name: _unpack(_join(path, name), hint, arrays) for name, hint in _hints(kind).items()
        }
        return kind(**made)
    raise PackingError(f"{path}: {kind} cannot be read")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """A dataclass's fields and their types."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _unpack_optional(path: str, kind: Any, arrays: Arrays) -> Any:
    kinds = [k for k in typing.get_args(kind) if k is not type(None)]
    if len(kinds) != 1:
        raise PackingError(f"{path}: one of several types cannot be read")
    counted = typing.get_origin(kinds[0]) in (list, tuple)
    if (_join(path, "count") if counted else path) not in arrays:
        return None
    return _unpack(path, kinds[0], arrays)


def _unpack_items(path: str, kind: Any, arrays: Arrays) -> Any:
    count = _unpack(_join(path, "count"), int, arrays)
    if not 0 <= count <= _MOST_ITEMS:
        raise PackingError(f"{path}: {count} items")
    args = typing.get_args(kind)
    make = typing.get_origin(kind)
    if make is tuple and args[-1] is not Ellipsis:
        if count != len(args):
            raise PackingError(f"{path}: {count} items instead of {len(args)}")
        kinds = list(args)
    else:
        kinds = [args[0]] * count
    items = (_unpack(_join(path, str(index)), one, arrays) for index, one in enumerate(kinds))
    return make(items)


def _array(path: str, kind: Any, arrays: Arrays) -> NDArray[Any]:
    found = _get(path, arrays)
    args = typing.get_args(kind)
    wanted = typing.get_args(args[1])[0] if len(args) > 1 else Any
    if isinstance(wanted, type) and not np.issubdtype(found.dtype, wanted):
        raise PackingError(f"{path}: an array of {found.dtype}")
    return found


def _get(path: str, arrays: Arrays) -> NDArray[Any]:
    try:
        return arrays[path]
    except KeyError:
        raise PackingError(f"{path} is missing") from None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
