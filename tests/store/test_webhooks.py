from __future__ import annotations

import json
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lipwright.store.database import Database
from lipwright.store.tables import WebhookSecretRow
from lipwright.store.webhooks import GRACE_MS, WebhookSecrets, signature


def test_the_vendors_own_example() -> None:
    body = (
        b'{"id":"1234567890","status":"succeeded","message":"",'
        b'"create_time":1781080778802,"update_time":1781080794151}'
    )
    signed = signature(
        "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=", "9876543210", 1781080794, body
    )
    assert signed == "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="


def headers(secrets: list[str], body: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": "7",
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(signature(secret, "7", now, body) for secret in secrets),
    }


def test_the_standards_library_verifies_old_and_new_secret(database: Database) -> None:
    store = WebhookSecrets(database)
    assert store.live("alice") == []
    first = store.rotate("alice")
    second = store.rotate("alice")
    assert store.live("alice") == [second, first]
    assert store.live("bob") == []
    body = json.dumps({"task_status": "succeed", "name": "Zoë"}, ensure_ascii=False).encode()
    sent = headers(store.live("alice"), body)
    assert sent["webhook-signature"].count("v1,") == 2
    for secret in (first, second):
        assert Webhook(secret).verify(body, sent)["task_status"] == "succeed"
    with pytest.raises(WebhookVerificationError):
        Webhook(second).verify(body.replace(b"succeed", b"failed!"), sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(store.rotate("bob")).verify(body, sent)


def test_a_replaced_secret_ends(database: Database) -> None:
    store = WebhookSecrets(database)
    first = store.rotate("alice")
    second = store.rotate("alice")
    with database.write() as session:
        for row in session.query(WebhookSecretRow):
            if row.secret == first:
                assert row.expires_at_ms is not None
                assert row.expires_at_ms > time.time() * 1000 + 0.99 * GRACE_MS
                row.expires_at_ms -= GRACE_MS
    assert store.live("alice") == [second]


def test_a_third_secret_drops_the_first_and_removal_drops_all(database: Database) -> None:
    store = WebhookSecrets(database)
    made = [store.rotate("alice") for _ in range(3)]
    assert store.live("alice") == [made[2], made[1]]
    store.remove("alice")
    assert store.live("alice") == []
