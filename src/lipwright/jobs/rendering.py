"""The main step of a task: render in a child, publish the file."""

from __future__ import annotations

import json
import logging
import time
from functools import partial
from pathlib import Path
from typing import Any

from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import Limits
from lipwright.errors import FailedError
from lipwright.jobs import metrics
from lipwright.jobs.attempts import Attempt, Attempts
from lipwright.jobs.bank_objects import BankObjects
from lipwright.jobs.child import ChildLimits
from lipwright.jobs.moderation import (
    SpokenSound,
    Submission,
    are_there_moderators,
    check_inputs,
    check_output,
    shown_faces,
)
from lipwright.jobs.orders import Order
from lipwright.jobs.sealing import seal
from lipwright.jobs.stores import Stores
from lipwright.jobs.supervision import Supervisor
from lipwright.jobs.work import ChildFunctions, limits_to_dict, line_to_dict
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.objects import MissingObjectError

log = logging.getLogger(__name__)


class Renderer:
    """Renders and publishes; thread-safe."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        functions: ChildFunctions,
        attempts: Attempts,
        supervisor: Supervisor,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._functions = functions
        self._attempts = attempts
        self._supervisor = supervisor
        self._banks = BankObjects(settings, stores)

    def render(self, attempt: Attempt) -> dict[str, Any]:
        """Render in a child and publish the file under the task's key.

        Returns
        -------
        dict
            ``key``, ``watermark_key``, ``duration_ms`` and ``warnings`` for `finish`.
        """
        patiently = partial(self._supervisor.patiently, attempt)
        order = patiently(partial(self._attempts.order_of, attempt))
        objects = self._stores.objects
        with self._stores.scratch.folder() as folder, self._banks.lending() as lend:
            video, identification = folder / "video.mp4", folder / "identification.json"
            lines = []
            try:
                patiently(partial(objects.get, order.video_key, video))
                patiently(partial(objects.get, order.identification_key, identification))
                for index, line in enumerate(order.lines):
                    assert line.sound_key is not None
                    path = folder / f"speech{index}{Path(line.sound_key).suffix}"
                    if not path.exists():
                        patiently(partial(objects.get, line.sound_key, path))
                    lines.append(line_to_dict(line.to_line(path)))
            except MissingObjectError:
                raise FailedError(
                    "expired", "the video or the sound is not kept any more"
                ) from None
            submission = self._submission(attempt, order, video, identification, lines)
            if submission is not None and not order.moderated:
                check_inputs(submission)
            output, watermarked = folder / "result.mp4", folder / "watermarked.mp4"
            banks = lend(
                attempt.account_id,
                order,
                identification,
                folder / "banks",
                check=self._supervisor.leaver(attempt),
            )
            if banks is not None:
                known = sum(map(bool, banks.seals.values()))
                metrics.count_banks(known, len(banks.seals) - known)
            began = time.monotonic()
            found = self._supervisor.run_child(
                attempt,
                self._functions.render,
                {
                    "video": str(video),
                    "identification": str(identification),
                    "lines": lines,
                    "original_volume": order.original_volume,
                    "output": str(output),
                    "watermarked": str(watermarked) if order.watermark else None,
                    "engine": order.engine,
                    "banks": None if banks is None else str(banks.folder),
                    "video_hash": "" if banks is None else banks.video,
                    # Checked when the task was made; what was right then must not fail now.
                    "limits": limits_to_dict(Limits()),
                },
                ChildLimits(self._settings.child_memory_mb, self._settings.render_timeout_s),
                start=order.done,
                # By then all is known of the faces that this task will ever know.
                entered=lambda stage: self._banks.share(banks) if stage == "render" else None,
            )
            metrics.count_render(found.get("frame_count", 0), time.monotonic() - began)
            clock = metrics.StageClock("publish")
            if banks is not None:
                patiently(partial(self._banks.keep, banks))
                looked = found.get("frames_looked_at")
                log.info("task %s: looked at %s frames to know its faces", attempt.task_id, looked)
            if submission is not None:
                check_output(submission, output)
            for made in (output, watermarked)[: 1 + order.watermark]:
                seal(self._settings, made, video, f"{attempt.task_id}.mp4")
            key = f"accounts/{attempt.account_id}/results/{attempt.task_id}.mp4"
            expires = now_ms() + round(self._settings.result_days * 86_400_000)
            publish = partial(self._stores.artifacts.publish, attempt.account_id)
            # A worker that was frozen learns here at the latest that others have its task.
            self._supervisor.check(attempt)
            patiently(partial(publish, key, output, expires))
            watermark_key = None
            if order.watermark:
                watermark_key = f"{key.removesuffix('.mp4')}-watermarked.mp4"
                patiently(partial(publish, watermark_key, watermarked, expires))
            clock.stop()
        return {
            "key": key,
            "watermark_key": watermark_key,
            "duration_ms": found["duration_ms"],
            "warnings": found["warnings"],
        }

    def _submission(
        self,
        attempt: Attempt,
        order: Order,
        video: Path,
        identification: Path,
        lines: list[dict[str, Any]],
    ) -> Submission | None:
        """Gather what moderators see; None where there is none."""
        if not are_there_moderators():
            return None
        found = identification_from_dict(json.loads(identification.read_text()))
        return Submission(
            attempt.account_id,
            video,
            shown_faces(found, {line.face_id for line in order.lines}),
            tuple(
                SpokenSound(line.face_id, Path(made["speech"]), line.transcript)
                for line, made in zip(order.lines, lines, strict=True)
            ),
        )
