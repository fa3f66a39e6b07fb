from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lipwright.render.packing import PackingError, below, pack, unpack


@dataclass(frozen=True, eq=False)
class Inner:
    picture: NDArray[np.uint8]
    name: str = "one"
    mark: float | None = None


@dataclass(frozen=True, eq=False)
class Outer:
    count: int
    flag: bool
    points: NDArray[np.float32]
    inner: Inner
    several: list[Inner]
    pair: tuple[int, str]
    curve: tuple[float, ...]
    maybe: Inner | None = None
    lists: list[NDArray[np.float64]] | None = None
    _private: int = 3


@dataclass(frozen=True)
class Empty:
    nothing: Inner | None = None


VALUE = Outer(
    7,
    True,
    np.arange(6, dtype=np.float32).reshape(2, 3),
    Inner(np.array([[1, 2]], np.uint8), "größer"),
    [Inner(np.zeros((0, 3), np.uint8), mark=0.5), Inner(np.array(5, np.uint8), "")],
    (2, "b"),
    (0.25, float("inf")),
    lists=[np.array([1.5]), np.array([])],
    _private=9,
)


def same(one: Any, other: Any) -> bool:
    return pickle.dumps(one) == pickle.dumps(other)


def test_what_is_packed_comes_back() -> None:
    found = unpack(Outer, pack(VALUE))
    assert same(pack(found), pack(VALUE))
    assert found.inner.name == "größer"
    assert found.maybe is None
    assert found.inner.mark is None
    assert found.several[0].mark == 0.5
    assert found.several[0].picture.shape == (0, 3)
    assert (found.pair, found.curve) == ((2, "b"), (0.25, float("inf")))
    assert found.lists is not None
    assert [len(one) for one in found.lists] == [1, 0]
    assert found._private == 9
    assert all(isinstance(array, np.ndarray) for array in pack(VALUE).values())


def test_an_empty_list_is_not_none() -> None:
    @dataclass(frozen=True)
    class Some:
        items: list[int] | None = field(default=None)

    # Types of a function's inside cannot be looked up by name.
    Some.__annotations__["items"] = list[int] | None
    assert unpack(Some, pack(Some([]))) == Some([])
    assert unpack(Some, pack(Some())) == Some()


def test_a_dataclass_of_nothing_is_there() -> None:
    @dataclass(frozen=True)
    class Holder:
        empty: Empty | None

    Holder.__annotations__["empty"] = Empty | None
    assert unpack(Holder, pack(Holder(Empty()))) == Holder(Empty())
    assert unpack(Holder, pack(Holder(None))) == Holder(None)


def test_numbers_of_numpy_are_numbers() -> None:
    assert pack(Inner(np.zeros(1, np.uint8), mark=np.float32(0.5)))["mark"].dtype == np.float64  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [object(), {"a": 1}, np.array([None]), np.array(["a"]), 1j])
def test_other_things_are_not_packed(value: Any) -> None:
    with pytest.raises(PackingError):
        pack([value])


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("count", np.array([7, 8])),
        ("count", np.array(7.5)),
        ("flag", np.array(1)),
        ("points", np.array([1.5])),
        ("points", np.array([1], np.int32)),
        ("inner.picture", np.array([1], np.int64)),
        ("inner.name", np.array([255, 255], np.uint8)),
        ("several.count", np.array(10**12)),
        ("several.count", np.array(-1)),
        ("several.count", np.array(3)),
        ("pair.count", np.array(1)),
    ],
)
def test_what_is_of_another_type_is_refused(name: str, array: NDArray[Any]) -> None:
    with pytest.raises(PackingError):
        unpack(Outer, pack(VALUE) | {name: array})


@pytest.mark.parametrize("name", sorted(set(pack(VALUE)) - {"inner", "several.0.mark"}))
def test_what_is_missing_is_missed(name: str) -> None:
    arrays = pack(VALUE)
    del arrays[name]
    if name in ("lists.count", "several.0", "several.1"):
        return  # not asked for, or then simply None
    with pytest.raises(PackingError):
        unpack(Outer, arrays)


def test_what_nobody_asked_for_is_left_alone() -> None:
    assert same(pack(unpack(Outer, pack(VALUE) | {"more": np.array(1)})), pack(VALUE))


def test_arrays_below_a_name() -> None:
    arrays = {"1/a": np.array(1), "11/b": np.array(2), "1/c.d": np.array(3)}
    assert sorted(below(arrays, "1/")) == ["a", "c.d"]
