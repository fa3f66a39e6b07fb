"""The main step of a task: render in a child, all or in parts, and publish the file."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import Limits
from lipwright.errors import FailedError
from lipwright.jobs import metrics
from lipwright.jobs.attempts import Attempt
from lipwright.jobs.bank_objects import BankObjects, BorrowedBanks
from lipwright.jobs.child import ChildLimits
from lipwright.jobs.means import Means
from lipwright.jobs.moderation import (
    SpokenSound,
    Submission,
    are_there_moderators,
    check_inputs,
    check_output,
    shown_faces,
)
from lipwright.jobs.orders import Order
from lipwright.jobs.parts import KEPT_MS, PLAN, Parts, Share, key_of, shares_of
from lipwright.jobs.sealing import seal
from lipwright.jobs.supervision import WorkHeldError, WorkLeftError
from lipwright.jobs.work import limits_to_dict, line_to_dict
from lipwright.store.clock import now_ms
from lipwright.store.objects import MissingObjectError
from lipwright.store.outages import OUTAGES

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Renderer:
    """Renders and publishes; thread-safe."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._banks = BankObjects(means.settings, means.stores)
        self._parts = Parts(means.stores)

    def render(self, attempt: Attempt) -> dict[str, Any]:
        """Render in a child and publish the file under the task's key.

        Returns
        -------
        dict
            ``key``, ``watermark_key``, ``duration_ms`` and ``warnings`` for `finish`.

        Raises
        ------
        WorkHeldError
            The task was divided; `join` goes on when its parts are done.
        """
        order = self._order(attempt)
        with self._means.stores.scratch.folder() as folder, self._banks.lending() as lend:
            arguments = self._inputs(attempt, order, folder)
            submission = self._submission(attempt, order, arguments)
            if submission is not None and not order.moderated:
                check_inputs(submission)
            banks = lend(
                attempt.account_id,
                order,
                Path(arguments["identification"]),
                folder / "banks",
                check=self._means.supervisor.leaver(attempt),
            )
            if banks is not None:
                known = sum(map(bool, banks.seals.values()))
                metrics.count_banks(known, len(banks.seals) - known)
            slots = self._parts.slots()
            began = time.monotonic()
            found = self._means.supervisor.run_child(
                attempt,
                self._means.functions.render,
                {
                    **arguments,
                    **_of_banks(banks),
                    # One slot alone would do nothing sooner.
                    "divide_over_s": self._means.settings.split_seconds if slots > 1 else 0.0,
                },
                self._limits,
                start=order.done,
                # By then all is known of the faces that this task will ever know.
                entered=lambda stage: self._banks.share(banks) if stage == "render" else None,
            )
            if banks is not None:
                self._patiently(attempt, partial(self._banks.keep, banks))
                looked = found.get("frames_looked_at")
                log.info("task %s: looked at %s frames to know its faces", attempt.task_id, looked)
            if "plan" in found:
                self._divide(attempt, order, found, slots)
            metrics.count_render(found.get("frame_count", 0), time.monotonic() - began)
            return self._publish(attempt, order, arguments, submission, found)

    def _divide(
        self, attempt: Attempt, order: Order, found: dict[str, Any], slots: int
    ) -> NoReturn:
        """Leave the rendering to whoever takes its parts."""
        start = order.done + (1.0 - order.done) * found["share"]
        shares = shares_of(dict(found["frames"]), slots, attempt.number, start)
        plan = json.dumps(found["plan"]).encode()
        self._patiently(attempt, partial(self._keep_part, attempt, PLAN, plan))
        if self._patiently(attempt, partial(self._parts.divide, attempt, shares)):
            log.info("task %s is divided into %d shares", attempt.task_id, len(shares))
            raise WorkHeldError
        raise WorkLeftError

    def _keep_part(self, attempt: Attempt, name: str | int, data: Path | bytes) -> None:
        expires = now_ms() + KEPT_MS
        self._means.stores.artifacts.publish(
            attempt.account_id, key_of(attempt, name), data, expires
        )

    def render_share(self, attempt: Attempt, share: Share) -> None:
        """Render some parts of a divided task and lay them into the object store."""
        order = self._order(attempt)
        with self._means.stores.scratch.folder() as folder, self._banks.lending() as lend:
            arguments = self._inputs(attempt, order, folder)
            plan, parts = folder / PLAN, folder / "parts"
            parts.mkdir()
            self._fetch(attempt, key_of(attempt, PLAN), plan)
            banks = lend(
                attempt.account_id,
                order,
                Path(arguments["identification"]),
                folder / "banks",
                check=self._means.supervisor.leaver(attempt),
            )
            began = time.monotonic()
            found = self._means.supervisor.run_child(
                attempt,
                self._means.functions.render_share,
                {
                    **arguments,
                    **_of_banks(banks),
                    "plan": str(plan),
                    "folder": str(parts),
                    "indices": list(share.indices),
                },
                self._limits,
            )
            metrics.count_render(found["frames"], time.monotonic() - began)
            # A worker that was frozen learns here at the latest that others have its part.
            self._means.supervisor.check(attempt)
            for index in share.indices:
                keep = partial(self._keep_part, attempt, index, parts / str(index))
                self._patiently(attempt, keep)
        self._patiently(attempt, partial(self._parts.report, attempt, share))

    def join(self, attempt: Attempt) -> dict[str, Any]:
        """Join the parts of a divided task and publish the file; returns what `render` does.

        Raises
        ------
        WorkHeldError
            Some parts are not done.
        WorkLeftError
            Parts are lost: the task begins anew.
        """
        if self._patiently(attempt, partial(self._parts.left, attempt)):
            raise WorkHeldError
        order = self._order(attempt)
        with self._means.stores.scratch.folder() as folder:
            arguments = self._inputs(attempt, order, folder)
            plan, parts = folder / PLAN, folder / "parts"
            parts.mkdir()
            names: list[str | int] = [PLAN]
            try:
                self._get(attempt, key_of(attempt, PLAN), plan)
                stretches = json.loads(plan.read_text())["stretches"]
                names += [i for i, one in enumerate(stretches) if not one["copied"]]
                for index in names[1:]:
                    self._get(attempt, key_of(attempt, index), parts / str(index))
            except MissingObjectError:
                log.warning("task %s has lost parts and begins anew", attempt.task_id)
                self._patiently(attempt, partial(self._parts.undivide, attempt))
                raise WorkLeftError from None
            found = self._means.supervisor.run_child(
                attempt,
                self._means.functions.join,
                {**arguments, "plan": str(plan), "folder": str(parts)},
                self._limits,
            )
            submission = self._submission(attempt, order, arguments)
            result = self._publish(attempt, order, arguments, submission, found)
        for name in names:
            with suppress(*OUTAGES):  # what stays expires
                self._means.stores.artifacts.remove(key_of(attempt, name))
        return result

    @property
    def _limits(self) -> ChildLimits:
        return ChildLimits(
            self._means.settings.child_memory_mb, self._means.settings.render_timeout_s
        )

    def _patiently(self, attempt: Attempt, work: Callable[[], _T]) -> _T:
        return self._means.supervisor.patiently(attempt, work)

    def _order(self, attempt: Attempt) -> Order:
        return self._patiently(attempt, partial(self._means.attempts.order_of, attempt))

    def _get(self, attempt: Attempt, key: str, path: Path) -> None:
        self._patiently(attempt, partial(self._means.stores.objects.get, key, path))

    def _fetch(self, attempt: Attempt, key: str, path: Path) -> None:
        """Fetch what the task cannot do without."""
        try:
            self._get(attempt, key, path)
        except MissingObjectError:
            raise FailedError("expired", "the video or the sound is not kept any more") from None

    def _inputs(self, attempt: Attempt, order: Order, folder: Path) -> dict[str, Any]:
        """Fetch what a child needs into the folder; returns its arguments."""
        video, identification = folder / "video.mp4", folder / "identification.json"
        self._fetch(attempt, order.video_key, video)
        self._fetch(attempt, order.identification_key, identification)
        lines = []
        for index, line in enumerate(order.lines):
            assert line.sound_key is not None
            path = folder / f"speech{index}{Path(line.sound_key).suffix}"
            if not path.exists():
                self._fetch(attempt, line.sound_key, path)
            lines.append(line_to_dict(line.to_line(path)))
        return {
            "video": str(video),
            "identification": str(identification),
            "lines": lines,
            "original_volume": order.original_volume,
            "output": str(folder / "result.mp4"),
            "watermarked": str(folder / "watermarked.mp4") if order.watermark else None,
            "engine": order.engine,
            # Checked when the task was made; what was right then must not fail now.
            "limits": limits_to_dict(Limits()),
        }

    def _publish(
        self,
        attempt: Attempt,
        order: Order,
        arguments: dict[str, Any],
        submission: Submission | None,
        found: dict[str, Any],
    ) -> dict[str, Any]:
        """Let moderators see the finished file, sign it, and put it under the task's key."""
        clock = metrics.StageClock("publish")
        output, video = Path(arguments["output"]), Path(arguments["video"])
        marked = Path(arguments["watermarked"]) if arguments["watermarked"] else None
        if submission is not None:
            check_output(submission, output)
        for made in (output, marked):
            if made is not None:
                seal(self._means.settings, made, video, f"{attempt.task_id}.mp4")
        key = f"accounts/{attempt.account_id}/results/{attempt.task_id}.mp4"
        expires = now_ms() + self._means.settings.result_ms
        publish = partial(self._means.stores.artifacts.publish, attempt.account_id)
        # A worker that was frozen learns here at the latest that others have its task.
        self._means.supervisor.check(attempt)
        self._patiently(attempt, partial(publish, key, output, expires))
        watermark_key = None
        if marked is not None:
            watermark_key = f"{key.removesuffix('.mp4')}-watermarked.mp4"
            self._patiently(attempt, partial(publish, watermark_key, marked, expires))
        clock.stop()
        return {
            "key": key,
            "watermark_key": watermark_key,
            "duration_ms": found["duration_ms"],
            "warnings": found["warnings"],
        }

    def _submission(
        self, attempt: Attempt, order: Order, arguments: dict[str, Any]
    ) -> Submission | None:
        """Gather what moderators see; None where there is none."""
        if not are_there_moderators():
            return None
        found = identification_from_dict(json.loads(Path(arguments["identification"]).read_text()))
        return Submission(
            attempt.account_id,
            Path(arguments["video"]),
            shown_faces(found, {line.face_id for line in order.lines}),
            tuple(
                SpokenSound(line.face_id, Path(made["speech"]), line.transcript)
                for line, made in zip(order.lines, arguments["lines"], strict=True)
            ),
        )


def _of_banks(banks: BorrowedBanks | None) -> dict[str, Any]:
    """Return the arguments that say where what is known of the faces lies."""
    return {
        "banks": None if banks is None else str(banks.folder),
        "video_hash": "" if banks is None else banks.video,
    }
