"""What must be true at the end, whatever was killed. Each check returns what is wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import obstore
from obstore.store import ObjectStore

from chaos.load import Load, Order
from chaos.media import FRAMES, count_frames
from chaos.receiver import Receiver
from chaos.tables import FINAL, Tables

ORPHAN_AGE_S = 3600.0 + 600.0
"""A sweep removes objects without a row that are an hour old; this leaves it time to come by."""

LATE_S = 1.5
"""The object store's clock has whole seconds, so a result may seem that much younger."""

TRUE_REASONS = {
    "bad sound": r"the speech cannot be used: .+",
    "render was killed": r"rendering failed: the process that did the work (was ended|ended).+",
    "out of memory": r"rendering failed: .*memory.*",
    "interrupted too often": r".*(interrupted|was lost|worker).*",
    "disk full": r".*(disk|space|room).*",
}
"""Which reasons a failed task may have here, by what happened."""


@dataclass
class Findings:
    """What the checks counted and what they complain of."""

    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def check(self, name: str, complaints: Iterator[str]) -> None:
        """Note what a check complains of, which must be nothing."""
        self.wrong[name] = list(complaints)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.wrong.values())


class Checks:
    """Looks at everything that is left once the load has ended and the queue is empty."""

    def __init__(
        self, tables: Tables, store: ObjectStore, prefix: str, load: Load, receiver: Receiver
    ) -> None:
        self._store = store
        self._prefix = prefix
        self._load = load
        self._receiver = receiver
        self._tables = tables
        self.findings = Findings()
        self.starved: set[str] = set()
        """Tasks whose render got no more memory: what a library says then may be anything."""
        rows = tables.rows("select * from tasks")
        self._tasks = {row["id"]: row for row in rows}
        self._accepted = [order for order in load.orders if order.task_id]

    def all(self, fetch: Callable[[Order], bytes | None]) -> Findings:
        """Run every check; ``fetch`` gives a task's result, None if there is none."""
        found = self.findings
        ends = Counter(row["status"] for row in self._tasks.values())
        found.counts = {
            "ordered": len(self._load.orders),
            "accepted": len(self._accepted),
            "refused": sum(bool(order.refused) for order in self._load.orders),
            "unanswered": sum(order.unanswered for order in self._load.orders),
            "asked again": sum(max(0, order.tries - 1) for order in self._load.orders),
            **{status: ends[status] for status in FINAL},
            "lost": sum(order.task_id not in self._tasks for order in self._accepted),
            "begun more than once": sum(row["attempts"] > 1 for row in self._tasks.values()),
        }
        found.check("every accepted task exists and has ended", self._ended())
        found.check("every order was made once", self._once())
        found.check("no client was told anything odd", self._odd())
        found.check("every failure has a true reason", self._reasons())
        found.check("every task is charged once, every failure refunded", self._charges())
        found.check("every account's balance is the sum of its ledger", self._balances())
        found.check("every result plays and is whole", self._results(fetch))
        found.check("no result was written after its task had ended", self._late())
        found.check("every task's end was told, signed, and never denied", self._callbacks())
        found.check("every result's object is there", self._objects())
        found.check("no object without a row is older than the sweep", self._orphans())
        found.check("nothing is left in the queues", self._queues())
        return found

    def _ended(self) -> Iterator[str]:
        for order in self._accepted:
            row = self._tasks.get(order.task_id)
            if row is None:
                yield f"{order.task_id} was accepted and is gone"
            elif row["status"] not in FINAL:
                yield f"{order.task_id} is still {row['status']}"

    def _once(self) -> Iterator[str]:
        for task_id, count in Counter(order.task_id for order in self._accepted).items():
            if count > 1:
                yield f"{task_id} was given as the answer to {count} orders"
        if not any(order.unanswered for order in self._load.orders):
            for task_id in set(self._tasks) - {order.task_id for order in self._accepted}:
                yield f"{task_id} was made although nobody was told of it"

    def _odd(self) -> Iterator[str]:
        for order in self._load.orders:
            if order.odd:
                yield f"{order.task_id or order.key}: {order.odd}"

    def _reasons(self) -> Iterator[str]:
        reasons: Counter[str] = Counter()
        for order in self._load.orders:
            if order.refused and not order.sound.startswith("bad"):
                yield f"a good order was refused: {order.refused}"
        for order in self._accepted:
            row = self._tasks.get(order.task_id)
            if row is None:
                continue
            if row["status"] == "succeed" and order.sound.startswith("bad"):
                yield f"{order.task_id} succeeded without a sound"
            if row["status"] == "cancelled":
                reasons["cancelled by its owner"] += 1
                if not order.cancel:
                    yield f"{order.task_id} was cancelled by nobody"
            if row["status"] == "failed":
                why = _true_reason(row["message"])
                if not why and order.task_id in self.starved:
                    why = "starved of memory"
                reasons[why or row["message"]] += 1
                if not why:
                    yield f"{order.task_id} failed: {row['message']}"
                elif (why == "bad sound") != order.sound.startswith("bad"):
                    yield f"{order.task_id} with a {order.sound} sound failed: {row['message']}"
        self.findings.reasons = dict(reasons)

    def _charges(self) -> Iterator[str]:
        moved = Counter(
            {
                (row["kind"], row["reference"]): row["count"]
                for row in self._tables.rows(
                    "select kind, reference, count(*) as count from ledger group by 1, 2"
                )
            }
        )
        for task_id, row in self._tasks.items():
            refunds = 0 if row["status"] == "succeed" else 1
            if (moved["lipsync", task_id], moved["refund", task_id]) != (1, refunds):
                yield (
                    f"{task_id} ({row['status']}) has {moved['lipsync', task_id]} charges and "
                    f"{moved['refund', task_id]} refunds"
                )
        for kind, reference in moved:
            if kind in ("lipsync", "refund") and reference not in self._tasks:
                yield f"a {kind} for {reference}, which is no task"

    def _balances(self) -> Iterator[str]:
        for row in self._tables.rows(
            "select a.id, a.balance_micro_ptc as balance, coalesce(sum(l.amount_micro_ptc), 0) as"
            " total from accounts a left join ledger l on l.account_id = a.id group by a.id"
        ):
            if row["balance"] != row["total"]:
                yield f"{row['id']} has {row['balance']}, its ledger says {row['total']}"

    def _results(self, fetch: Callable[[Order], bytes | None]) -> Iterator[str]:
        for order in self._accepted:
            row = self._tasks.get(order.task_id)
            if row is None or row["status"] != "succeed":
                continue
            data = fetch(order)
            if data is None:
                yield f"{order.task_id} has no link to a result"
                continue
            try:
                frames = count_frames(data)
            except (av.FFmpegError, ValueError) as error:
                yield f"{order.task_id} does not play: {error}"
            else:
                if frames != FRAMES:
                    yield f"{order.task_id} has {frames} frames instead of {FRAMES}"

    def _late(self) -> Iterator[str]:
        """Complain of a worker that was taken for dead and published all the same."""
        written = dict(self._listed())
        for task_id, row in self._tasks.items():
            at = written.get(row["result_key"] or "")
            ended = datetime.fromtimestamp(row["updated_at_ms"] / 1000, UTC)
            if at is not None and at > ended + timedelta(seconds=LATE_S):
                yield f"{task_id} ended at {ended}, its result was written at {at}"

    def _callbacks(self) -> Iterator[str]:
        final = {"succeed", "failed"}
        for order in self._accepted:
            row = self._tasks.get(order.task_id)
            if row is None:
                continue
            heard = self._receiver.heard[order.task_id]
            # Kling's clients know no cancelled tasks: these are told of as failed.
            right = "succeed" if row["status"] == "succeed" else "failed"
            told = {status for status in heard.statuses if status in final}
            if told != {right}:
                yield f"{order.task_id} is {row['status']}, but was told: {heard.statuses}"
            if heard.bad_signatures:
                yield f"{order.task_id} had {heard.bad_signatures} bad signatures"

    def _listed(self) -> Iterator[tuple[str, datetime]]:
        for batch in obstore.list(self._store, f"{self._prefix}accounts"):
            for meta in batch:
                yield meta["path"].removeprefix(self._prefix), meta["last_modified"]

    def _objects(self) -> Iterator[str]:
        there = {path for path, _ in self._listed()}
        for task_id, row in self._tasks.items():
            if row["status"] == "succeed" and row["result_key"] not in there:
                yield f"{task_id} succeeded without an object"
        rows = {row["key"] for row in self._tables.rows("select key from artifacts")}
        self.findings.counts |= {
            "objects": len(there),
            "objects without a row": len(there - rows),
            "rows without an object": len(rows - there),
        }

    def _orphans(self) -> Iterator[str]:
        rows = {row["key"] for row in self._tables.rows("select key from artifacts")}
        oldest = datetime.now(UTC) - timedelta(seconds=ORPHAN_AGE_S)
        for path, at in self._listed():
            if path not in rows and at < oldest:
                yield f"{path} of {at} belongs to nothing"

    def _queues(self) -> Iterator[str]:
        alive = ("ENQUEUED", "DELAYED", "PENDING")
        for row in self._tables.rows(
            "select workflow_uuid, status from dbos.workflow_status where status = any(%s)"
            # What is parked only tells the first release's workers of a task: nobody runs it.
            " and queue_name is distinct from 'lipsync-parked'",
            list(alive),
        ):
            yield f"workflow {row['workflow_uuid']} is still {row['status']}"
        for row in self._tables.rows("select id, state from queue_items"):
            yield f"queue item {row['id']} is still {row['state']}"


def _true_reason(message: str) -> str:
    for why, pattern in TRUE_REASONS.items():
        if re.fullmatch(pattern, message, re.DOTALL):
            return why
    return ""


def median(values: list[float]) -> float | None:
    """Return the middle one of some values."""
    return sorted(values)[len(values) // 2] if values else None


def plain(findings: Findings) -> dict[str, Any]:
    """Return findings as JSON."""
    return {
        "counts": findings.counts,
        "reasons": findings.reasons,
        "checks": {name: complaints[:20] for name, complaints in findings.wrong.items()},
    }
