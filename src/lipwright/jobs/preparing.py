"""The first step of a task: what the request that made it had no time for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import API_LIMITS, Identification
from lipwright.jobs.attempts import Attempt
from lipwright.jobs.child import ChildLimits
from lipwright.jobs.identifying import keep_video
from lipwright.jobs.intake import Intake, Origin
from lipwright.jobs.means import Means
from lipwright.jobs.orders import Order, checked_line, keep_sound
from lipwright.jobs.work import limits_to_dict
from lipwright.store.clock import now_ms

_FACES_SHARE = 0.15
"""How much of a task's work finding the faces is, where that is part of it."""


class Preparer:
    """Brings in what tasks need and finds their faces; thread-safe."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._intake = Intake(means.settings, means.stores.objects, means.stores.signer)

    def prepare(self, attempt: Attempt) -> None:
        """Do what the request that made the task had no time for.

        Fetch the video and find its faces, if that was not done; fetch and check the sounds that
        were too slow for the request that named them.
        """
        order = self._means.attempts.order_of(attempt)
        if not order.identification_key:
            order = self._identify(attempt, order)
        identification: Identification | None = None
        for index, line in enumerate(order.lines):
            if line.face_id and line.sound_url is None:
                continue
            if identification is None:
                found = json.loads(self._means.stores.objects.read(order.identification_key))
                identification = identification_from_dict(found)
            duration_ms = line.sound_end_ms
            if line.sound_url is not None:
                with self._means.stores.scratch.folder() as folder:
                    path = folder / "sound"
                    self._bring(
                        attempt, line.sound_url, path, API_LIMITS.max_speech_bytes or 0, "speech"
                    )
                    duration_ms, key = self._keep_checked_sound(attempt, path)
                line = line.with_key(key)
            if not line.face_id:
                line = line.for_largest(identification, duration_ms)
            order = order.with_line(index, checked_line(line, identification, duration_ms))
        self._means.attempts.update(attempt, order=order.to_dict())

    def _identify(self, attempt: Attempt, order: Order) -> Order:
        """Bring the video in, find its faces, and write both into the order and the row."""
        max_bytes = API_LIMITS.max_video_bytes or 0
        limits = ChildLimits(
            self._means.settings.child_memory_mb, self._means.settings.identify_timeout_s
        )

        def find_faces(path: Path) -> dict[str, Any]:
            arguments = {"video": str(path), "limits": limits_to_dict(API_LIMITS)}
            return self._means.supervisor.run_child(
                attempt, self._means.functions.identify, arguments, limits, end=_FACES_SHARE
            )

        with self._means.stores.scratch.folder() as folder:
            path = folder / "video"
            origin = None
            if order.video_key:
                self._intake.bring_own(order.video_key, path, max_bytes=max_bytes, field="video_id")
            else:
                origin = self._bring_video(attempt, order.source_url, path, max_bytes)
            kept = keep_video(
                self._means.settings,
                self._means.stores,
                attempt.account_id,
                path,
                find_faces,
                origin=origin,
                check=self._means.supervisor.leaver(attempt),
            )
        order = replace(
            order, video_key=kept.key, identification_key=kept.found_key, done=_FACES_SHARE
        )
        self._means.attempts.update(
            attempt,
            order=order.to_dict(),
            parent_key=kept.key,
            parent_duration_ms=kept.found["video"]["duration_ms"],
            parent_expires_at_ms=kept.expires_at_ms,
        )
        return order

    def _bring_video(self, attempt: Attempt, url: str, path: Path, max_bytes: int) -> Origin | None:
        origins: list[Origin | None] = []

        def fetch() -> None:
            origins.append(
                self._intake.bring_video(
                    attempt.account_id,
                    url,
                    path,
                    max_bytes=max_bytes,
                    timeout_s=self._means.settings.fetch_timeout_s,
                )
            )

        self._means.supervisor.run_thread(attempt, fetch)
        return origins[0]

    def _bring(self, attempt: Attempt, url: str, path: Path, max_bytes: int, field: str) -> None:
        def fetch() -> None:
            self._intake.bring(
                url,
                path,
                max_bytes=max_bytes,
                timeout_s=self._means.settings.fetch_timeout_s,
                field=field,
            )

        self._means.supervisor.run_thread(attempt, fetch)

    def _keep_checked_sound(self, attempt: Attempt, path: Path) -> tuple[int, str]:
        limits = ChildLimits(
            self._means.settings.child_memory_mb, self._means.settings.probe_timeout_s
        )
        found = self._means.supervisor.run_child(
            attempt, self._means.functions.probe, {"speech": str(path)}, limits
        )
        key = keep_sound(
            self._means.stores.artifacts,
            attempt.account_id,
            path,
            found["format"],
            now_ms() + self._means.settings.result_ms,
        )
        return found["duration_ms"], key
