"""From a video to a session: bring it in, find its faces in a child, keep what was found."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lipwright.dubbing.made_by import made_by
from lipwright.dubbing.types import API_LIMITS
from lipwright.errors import BadInputError, FailedError, LipwrightError
from lipwright.jobs.cache_metrics import count_lookup
from lipwright.jobs.child import Child, ChildCancelledError, ChildLimits, ChildSlots
from lipwright.jobs.intake import Intake, Origin, sha256_of, too_large
from lipwright.jobs.limits import accept_session, check_room
from lipwright.jobs.pressure import check_machine
from lipwright.jobs.records import own_video_key, session_value
from lipwright.jobs.single_flight import SingleFlight, short
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import OwnVideo, Session
from lipwright.jobs.work import ChildFunctions, limits_to_dict
from lipwright.settings import Settings
from lipwright.store.accounts import Rules
from lipwright.store.clock import now_ms
from lipwright.store.idempotency import Claim
from lipwright.store.ids import new_id
from lipwright.store.tables import FaceRow, SessionRow


@dataclass(frozen=True)
class KeptVideo:
    """A video that was looked at: its object, what was found in it, and until when both live."""

    key: str
    found_key: str
    found: dict[str, Any]
    expires_at_ms: int


def keep_video(
    settings: Settings,
    stores: Stores,
    account_id: str,
    path: Path,
    find_faces: Callable[[Path], dict[str, Any]],
    *,
    origin: Origin | None = None,
    check: Callable[[], object] = lambda: None,
) -> KeptVideo:
    """Look for a video's faces, unless that was done before or is being done, and keep both.

    What is known belongs to one account: if a video that another tenant has sent were known at
    once, the time of the answer would tell who else has it.

    Parameters
    ----------
    settings, stores
        How long, and where.
    account_id
        Whose video it is.
    path
        The video, on this machine.
    find_faces
        Identifies it; a refused video leaves nothing behind.
    origin
        Where the video came from, if that shall be remembered.
    check
        Called while another process looks at the same video; raises to end the wait.
    """
    artifacts, objects = stores.artifacts, stores.objects
    digest = sha256_of(path)
    # Faces found by other code may differ: they are looked for again.
    found_key = f"accounts/{account_id}/identifications/{digest}-{made_by()}.json"
    video_key = f"accounts/{account_id}/inputs/{digest}.mp4"
    # As long as a task may need them that is made at the session's very end.
    expires = now_ms() + round(settings.session_hours * 3_600_000) + settings.result_ms

    def look() -> dict[str, Any] | None:
        if objects.exists(found_key) and artifacts.keep(account_id, found_key, expires):
            return dict(json.loads(objects.read(found_key)))
        return None

    def work() -> dict[str, Any]:
        found = find_faces(path)
        artifacts.publish(account_id, found_key, json.dumps(found).encode(), expires)
        return found

    flight = SingleFlight(stores.database, settings.lease_s, settings.identify_timeout_s)
    found, how = flight.once(f"video:{short(found_key)}", look, work, check=check)
    count_lookup("identification", how)
    if not artifacts.keep(account_id, video_key, expires):
        objects.put(video_key, path)
    if origin is not None:
        artifacts.publish(account_id, origin.note_key, origin.note(video_key), expires)
    return KeptVideo(video_key, found_key, found, expires)


class Identifier:
    """Makes sessions; thread-safe."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        functions: ChildFunctions,
        closing: threading.Event,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._functions = functions
        self._closing = closing
        self._intake = Intake(settings, stores.objects, stores.signer)
        self._slots = ChildSlots(settings.identify_concurrency)
        self._rules = Rules.of(settings)

    def identify(
        self, account_id: str, video: str | Path | OwnVideo, *, claim: Claim | None = None
    ) -> Session:
        """See `lipwright.jobs.service.LipsyncService.identify`."""
        price = self._settings.price_identify_micro_ptc
        with self._stores.database.read() as transaction:
            check_room(transaction, account_id, price, self._rules, slot=False)
        check_machine(self._settings)
        max_bytes = API_LIMITS.max_video_bytes or 0
        origin = None
        with self._stores.scratch.folder() as folder:
            if isinstance(video, Path):
                path = video
                if path.stat().st_size > max_bytes:
                    raise too_large("video", max_bytes)
            elif isinstance(video, OwnVideo):
                path = folder / "video"
                with self._stores.database.read() as transaction:
                    key = own_video_key(transaction, account_id, video.id)
                self._intake.bring_own(key, path, max_bytes=max_bytes, field="video_id")
            else:
                path = folder / "video"
                origin = self._intake.bring_video(
                    account_id,
                    video,
                    path,
                    max_bytes=max_bytes,
                    timeout_s=self._settings.fetch_timeout_s,
                )
            kept = keep_video(
                self._settings,
                self._stores,
                account_id,
                path,
                self._find_faces,
                origin=origin,
                check=self._check_open,
            )
        return self._new_session(account_id, kept, claim)

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise FailedError("closing", "the service is stopping")

    def _find_faces(self, path: Path) -> dict[str, Any]:
        limits = ChildLimits(self._settings.child_memory_mb, self._settings.identify_timeout_s)
        arguments = {"video": str(path), "limits": limits_to_dict(API_LIMITS)}
        environment = {"LIPWRIGHT_MODELS_DIR": str(self._settings.models_dir)}
        try:
            with self._slots, Child(environment=environment) as child:
                return child.run(
                    self._functions.identify,
                    arguments,
                    limits,
                    cancelled=self._closing.is_set,
                )
        except ChildCancelledError:
            raise FailedError("closing", "the service is stopping") from None
        except FailedError as error:
            if error.reason not in ("crashed", "out_of_memory"):
                raise
            # A sound video crashes no decoder and fits: it is the video's fault.
            raise BadInputError("video", error.reason, "it cannot be read") from None

    def _new_session(self, account_id: str, kept: KeptVideo, claim: Claim | None) -> Session:
        now = now_ms()
        price = self._settings.price_identify_micro_ptc
        row = SessionRow(
            id=new_id(),
            account_id=account_id,
            video_id=new_id(),
            video_key=kept.key,
            video_duration_ms=kept.found["video"]["duration_ms"],
            video_expires_at_ms=kept.expires_at_ms,
            identification_key=kept.found_key,
            price_micro_ptc=price,
            created_at_ms=now,
            expires_at_ms=now + round(self._settings.session_hours * 3_600_000),
        )
        faces = []
        for position, face in enumerate(kept.found["faces"]):
            image_key = f"accounts/{account_id}/sessions/{row.id}/{face['face_id']}.jpg"
            image = b64decode(face["image_jpeg"])
            self._stores.artifacts.publish(account_id, image_key, image, row.expires_at_ms)
            faces.append(
                FaceRow(
                    session_id=row.id,
                    face_id=face["face_id"],
                    account_id=account_id,
                    position=position,
                    start_ms=face["start_ms"],
                    end_ms=face["end_ms"],
                    image_key=image_key,
                )
            )
        try:
            with self._stores.database.write() as transaction:
                accept_session(transaction, account_id, row.id, price, self._rules, claim)
                transaction.add_all([row, *faces])
        except LipwrightError:
            for face in faces:
                self._stores.artifacts.remove(face.image_key)
            raise
        return session_value(row, faces)
