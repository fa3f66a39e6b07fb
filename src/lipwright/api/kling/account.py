"""What an account has and spends, in the vendor's doubly wrapped shape.

A unit of a resource pack is a PTC here. A prepaid account is one pack without end, named
``balance``; an account that pays later has none. Beside the packs, and not the vendor's, stands
what was spent on what in the time asked about.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.auth import Account
from lipwright.api.context import WithContext
from lipwright.api.envelope import SUCCEEDED, success
from lipwright.api.kling.paths import DOCUMENTED_GATEWAY, GATEWAYS
from lipwright.api.kling.schemas import Answer
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION
from lipwright.api.problems import Problem, ProblemKind
from lipwright.jobs.costs import Costs
from lipwright.settings import MICRO_PER_PTC, to_ptc

PACK_NAME = "balance"
_NEVER_MS = 4_102_444_800_000  # 2100-01-01: the field wants a time

_LATEST_MS = 10**15

Moment = Annotated[int, Query(ge=0, le=_LATEST_MS, description="Unix time in ms")]


class ResourcePack(BaseModel):
    """What a prepaid account has."""

    resource_pack_name: str
    resource_pack_id: str
    resource_pack_type: Literal["decreasing_total"]
    total_quantity: float = Field(description="PTC that were ever credited")
    remaining_quantity: float = Field(description="PTC that are left, as of now")
    purchase_time: int = Field(description="Unix time in ms")
    effective_time: int = Field(description="Unix time in ms")
    invalid_time: int = Field(description="Unix time in ms; far away: a balance does not expire")
    status: Literal["online", "runOut"]


class Spent(BaseModel):
    """All movements of one kind in the time asked about."""

    kind: str = Field(description="identify, lipsync, refund or credit")
    count: int
    quantity: str = Field(description="PTC; negative for what was taken from the account")


class AccountCosts(BaseModel):
    """The inner envelope."""

    code: int = Field(description="0 on success")
    msg: str
    resource_pack_subscribe_infos: list[ResourcePack]
    costs: list[Spent]


class AccountCostsAnswer(Answer):
    """Answer of the account's costs."""

    data: AccountCosts


operations = APIRouter(tags=["account"], responses=ANSWERS_OF_FAILURE)


@operations.get(
    "/account/costs",
    summary="Account costs",
    response_model=AccountCostsAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def account_costs(
    request: Request,
    account: Account,
    context: WithContext,
    start_time: Moment,
    end_time: Moment,
    resource_pack_name: Annotated[str, Query(description="only the pack of this name")] = "",
) -> Response:
    """Say what the account has left, and what it spent in a time; free of charge."""
    if end_time < start_time:
        raise Problem(
            ProblemKind.BAD_VALUE,
            "end_time: must not be before start_time",
            reason="out_of_range",
            field="end_time",
        )
    costs = await context.lanes.quick.run(context.service.costs, account, start_time, end_time)
    packs = [_pack(costs)] if costs.prepaid and costs.opened_at_ms <= end_time else []
    data = AccountCosts(
        code=0,
        msg=SUCCEEDED,
        resource_pack_subscribe_infos=[
            pack for pack in packs if resource_pack_name in ("", pack.resource_pack_name)
        ],
        costs=[
            Spent(kind=total.kind, count=total.count, quantity=to_ptc(total.amount_micro_ptc))
            for total in costs.moved
        ],
    )
    return success(request.scope, data.model_dump())


def _pack(costs: Costs) -> ResourcePack:
    return ResourcePack(
        resource_pack_name=PACK_NAME,
        resource_pack_id=costs.account_id,
        resource_pack_type="decreasing_total",
        total_quantity=costs.credited_micro_ptc / MICRO_PER_PTC,
        remaining_quantity=costs.balance_micro_ptc / MICRO_PER_PTC,
        purchase_time=costs.opened_at_ms,
        effective_time=costs.opened_at_ms,
        invalid_time=_NEVER_MS,
        status="online" if costs.balance_micro_ptc > 0 else "runOut",
    )


router = APIRouter()
for gateway in GATEWAYS:
    router.include_router(
        operations, prefix=gateway, include_in_schema=gateway == DOCUMENTED_GATEWAY
    )
