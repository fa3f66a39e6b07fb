from __future__ import annotations

import json

import pytest
from standardwebhooks import Webhook

from lipwright.client import CallbackError, Status, verify_callback
from lipwright.client.callbacks import check_signature
from lipwright.store.webhooks import signature

SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
OTHER = "whsec_b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldA=="
SENT_S = 1781080794
BODY = json.dumps({"task_id": "1", "task_status": "succeed"}).encode()


def headers(*signatures: str, id: str = "m1", sent_s: str = str(SENT_S)) -> dict[str, str]:
    return {
        "Webhook-Id": id,
        "Webhook-Timestamp": sent_s,
        "Webhook-Signature": " ".join(signatures),
    }


def test_the_vendor_s_own_example() -> None:
    body = (
        b'{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,'
        b'"update_time":1781080794151}'
    )
    signed = headers("v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=", id="9876543210")
    assert check_signature(signed, body, SECRET, now_s=SENT_S + 9) == ("9876543210", SENT_S)


def test_a_library_s_signature_is_good_and_so_is_the_second_of_two() -> None:
    from datetime import UTC, datetime

    made = Webhook(SECRET).sign("m1", datetime.fromtimestamp(SENT_S, UTC), BODY.decode())
    old = signature(OTHER, "m1", SENT_S, BODY)
    callback = verify_callback(headers(old, made), BODY, SECRET, now_s=SENT_S)
    assert (callback.id, callback.sent_at_s) == ("m1", SENT_S)
    assert (callback.task.id, callback.task.status) == ("1", Status.SUCCEEDED)


GOOD = signature(SECRET, "m1", SENT_S, BODY)


@pytest.mark.parametrize(
    ("sent", "body", "secret", "now_s", "why"),
    [
        (headers(GOOD), BODY + b" ", SECRET, SENT_S, "not signed"),
        (headers(GOOD), BODY, OTHER, SENT_S, "not signed"),
        (headers(GOOD, id="m2"), BODY, SECRET, SENT_S, "not signed"),
        (headers(GOOD, sent_s=str(SENT_S + 1)), BODY, SECRET, SENT_S, "not signed"),
        (headers(GOOD.replace("v1,", "v2,")), BODY, SECRET, SENT_S, "not signed"),
        (headers("v1,ü"), BODY, SECRET, SENT_S, "not signed"),
        (headers(), BODY, SECRET, SENT_S, "not signed"),
        (headers(GOOD), BODY, SECRET, SENT_S + 301, "301 s ago"),
        (headers(GOOD), BODY, SECRET, SENT_S - 301, "too long"),
        (headers(GOOD, sent_s="soon"), BODY, SECRET, SENT_S, "no number"),
        (headers(GOOD), BODY, "whsec_%%%", SENT_S, "Base64"),
        (headers(GOOD), BODY, "", SENT_S, "empty"),
        ({"webhook-id": "m1"}, BODY, SECRET, SENT_S, "no header webhook-timestamp"),
        (
            headers(signature(SECRET, "m1", SENT_S, b"[]")),
            b"[]",
            SECRET,
            SENT_S,
            "it is no task",
        ),
    ],
)
def test_what_is_not_good_is_refused(
    sent: dict[str, str], body: bytes, secret: str, now_s: int, why: str
) -> None:
    with pytest.raises(CallbackError, match=why):
        verify_callback(sent, body, secret, now_s=now_s)
