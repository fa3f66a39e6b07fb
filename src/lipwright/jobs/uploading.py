"""Files that callers send to be used as a video or a sound later."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from lipwright.jobs.pressure import check_machine
from lipwright.jobs.records import upload_value
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import Upload
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.tables import UploadRow

_LONGEST_NAME = 100


def safe_name(file_name: str) -> str:
    """Return a caller's file name without folders and without anything a URL would escape."""
    name = PurePosixPath(file_name.replace("\\", "/")).name
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")
    stem, dot, suffix = name.rpartition(".")
    if dot and len(suffix) <= 8:
        return f"{stem[:_LONGEST_NAME]}.{suffix}"
    return name[:_LONGEST_NAME] or "file"


def keep_upload(
    settings: Settings, stores: Stores, account_id: str, file_name: str, path: Path
) -> Upload:
    """See `lipwright.jobs.service.LipsyncService.upload`."""
    check_machine(settings)
    now = now_ms()
    expires = now + round(settings.upload_days * 86_400_000)
    id = new_id()
    name = safe_name(file_name)
    key = f"accounts/{account_id}/uploads/{id}/{name}"
    row = UploadRow(
        id=id,
        account_id=account_id,
        key=key,
        file_name=name,
        size_bytes=path.stat().st_size,
        created_at_ms=now,
        expires_at_ms=expires,
    )
    stores.artifacts.publish(account_id, key, path, expires)
    with stores.database.write() as transaction:
        transaction.add(row)
    return upload_value(row)
