"""The pages of a list, as the vendor counts them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BeforeValidator

from lipwright.api.context import Context
from lipwright.jobs.values import Task, TaskKind

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


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    number: int
    size: int

    async def of_tasks(
        self, context: Context, account: str, kind: TaskKind = TaskKind.ADVANCED
    ) -> list[Task]:
        """Return the account's tasks on this page that one operation made, newest first."""
        return await context.lanes.quick.run(
            context.service.list_tasks,
            account,
            offset=(self.number - 1) * self.size,
            limit=self.size,
            kind=kind,
        )


def _page(page_number: PageNumber = 1, page_size: PageSize = DEFAULT_PAGE_SIZE) -> Page:
    return Page(page_number, page_size)


WithPage = Annotated[Page, Depends(_page)]
