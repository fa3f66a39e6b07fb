"""The pages of a list, as the vendor counts them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

DEFAULT_PAGE_SIZE = 30


def _empty_is(default: int, value: object) -> object:
    return default if value == "" else value


PageNumber = Annotated[
    int,
    BeforeValidator(partial(_empty_is, 1)),
    Query(alias="pageNum", ge=1, le=1000, description="which page, from 1"),
]
PageSize = Annotated[
    int,
    BeforeValidator(partial(_empty_is, DEFAULT_PAGE_SIZE)),
    Query(alias="pageSize", ge=1, le=500, description="tasks on a page"),
]
