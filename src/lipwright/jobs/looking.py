"""Read what was found in a session's video."""

from __future__ import annotations

import json

from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import Identification
from lipwright.errors import BadInputError
from lipwright.jobs.records import find_session, live_session
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import IdentifiedSession
from lipwright.store.objects import MissingObjectError, ObjectStore


def read_identification(objects: ObjectStore, session_id: str, key: str) -> Identification:
    """Return what was found when a session was made.

    Raises
    ------
    BadInputError
        Field ``session``, reason ``expired_session``: it was removed.
    """
    try:
        return identification_from_dict(json.loads(objects.read(key)))
    except MissingObjectError:
        raise BadInputError(
            "session", "expired_session", f"session {session_id} has expired"
        ) from None


def look_at_session(stores: Stores, account_id: str, session_id: str) -> IdentifiedSession:
    """See `lipwright.jobs.service.LipsyncService.look_at_session`."""
    with stores.database.read() as transaction:
        row = live_session(transaction, account_id, session_id)
        key = row.identification_key
        session = find_session(transaction, account_id, session_id)
    return IdentifiedSession(session, read_identification(stores.objects, session_id, key))
