from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from lipwright.store.clock import now_ms
from lipwright.store.credentials import CredentialError, CredentialFault, authenticate
from lipwright.store.database import Database
from lipwright.store.keys import KeyStore

Pair = tuple[str, str]


@pytest.fixture
def keys(database: Database) -> KeyStore:
    return KeyStore(database, b"server secret")


@pytest.fixture
def pair(keys: KeyStore) -> Pair:
    key, secret_key = keys.create_pair("alice")
    assert key.access_key is not None
    return key.access_key, secret_key


def token(pair: Pair, **claims: Any) -> str:
    now = int(time.time())
    content = {"iss": pair[0], "exp": now + 1800, "nbf": now - 5, **claims}
    kept = {name: claim for name, claim in content.items() if claim is not None}
    return jwt.encode(kept, pair[1], algorithm="HS256")


def by_hand(pair: Pair, header: dict[str, Any], payload: bytes) -> str:
    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = encoded(json.dumps(header).encode()) + "." + encoded(payload)
    mac = hmac.digest(pair[1].encode(), signed.encode(), hashlib.sha256)
    return signed + "." + encoded(mac)


def refused(keys: KeyStore, credential: str) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        authenticate(keys, credential)
    return caught.value


def test_an_api_key_and_a_token_prove_their_account(keys: KeyStore, pair: Pair) -> None:
    _, secret = keys.create("bob")
    assert authenticate(keys, secret).account_id == "bob"
    assert authenticate(keys, token(pair)).account_id == "alice"


def test_a_token_made_with_the_standard_library_is_as_good(keys: KeyStore, pair: Pair) -> None:
    claims = json.dumps({"iss": pair[0], "exp": int(time.time()) + 60}).encode()
    assert authenticate(keys, by_hand(pair, {"alg": "HS256", "typ": "JWT"}, claims))


def test_claims_that_mean_nothing_here_are_ignored(keys: KeyStore, pair: Pair) -> None:
    now = int(time.time())
    assert authenticate(
        keys, token(pair, iat=now + 500, aud="kling", sub=17, jti=5, extra={"a": [1]})
    )
    assert authenticate(keys, token(pair, nbf=None))


def test_clocks_may_be_off_by_a_minute(keys: KeyStore, pair: Pair) -> None:
    now = time.time()
    assert authenticate(keys, token(pair, exp=now - 50, nbf=now - 1850))
    assert authenticate(keys, token(pair, nbf=now + 50))
    assert refused(keys, token(pair, exp=now - 70)).fault is CredentialFault.EXPIRED
    assert refused(keys, token(pair, nbf=now + 70)).fault is CredentialFault.TOO_EARLY


def test_wrong_signatures_and_unknown_access_keys_are_not_told_apart(
    keys: KeyStore, pair: Pair
) -> None:
    revoked = keys.create_pair("carol")
    assert revoked[0].access_key is not None
    keys.revoke(revoked[0].access_key)
    for bad in (
        token((pair[0], "x" * 43)),
        token(("lwak_000000000000000000000000", "x" * 43)),
        token((revoked[0].access_key, revoked[1])),
        # Another server's, and long over: nothing in it is believed.
        token((pair[0], "y" * 43), exp=5),
    ):
        error = refused(keys, bad)
        assert (error.fault, error.detail) == (CredentialFault.FAILED, "Authentication failed")


def test_tokens_that_are_none_are_invalid(keys: KeyStore, pair: Pair) -> None:
    now = int(time.time())
    whole = token(pair)
    bad = [
        "..",
        "a.b.c",
        whole[:-5] + "!!!!!",
        token(pair, exp=None),
        token(pair, iss=None),
        by_hand(pair, {"alg": "HS384"}, json.dumps({"iss": pair[0], "exp": now + 9}).encode()),
        jwt.encode({"iss": pair[0], "exp": now + 9}, None, algorithm="none"),
        by_hand(pair, {"alg": "HS256", "crit": ["x"]}, b"{}"),
        by_hand(pair, {"alg": "HS256"}, b"[" * 5000),
        by_hand(pair, {"alg": "HS256"}, b'{"iss": 5, "exp": 99999999999}'),
        by_hand(pair, {"alg": "HS256"}, json.dumps({"iss": pair[0], "exp": "soon"}).encode()),
        by_hand(pair, {"alg": "HS256"}, json.dumps({"iss": pair[0], "exp": 1e400}).encode()),
        by_hand(pair, {"alg": "HS256"}, json.dumps({"iss": "\ud800", "exp": now + 9}).encode()),
        "a" * 9000 + ".b.c",
        "é.é.é",
    ]
    for each in bad:
        error = refused(keys, each)
        assert error.fault is CredentialFault.INVALID, each[:60]
        assert error.detail == "Authorization is invalid"


def test_wrong_numbers_of_parts_are_told_as_the_vendor_does(keys: KeyStore, pair: Pair) -> None:
    start = "The token was expected to have 3 parts, but got "
    for credential, number in (("sk-1234", "0"), (pair[0], "0"), ("a.b", "2"), ("a.b.c.d", "> 3")):
        error = refused(keys, credential)
        assert error.fault is CredentialFault.INVALID
        assert error.detail.startswith(start + number)
    assert refused(keys, "lw_1.2").detail == "Authorization is invalid"


def test_expired_keys_say_so(keys: KeyStore) -> None:
    _, secret = keys.create("alice", expires_at_ms=now_ms() - 1)
    _, later = keys.create("alice", expires_at_ms=now_ms() + 60_000)
    key, secret_key = keys.create_pair("alice", expires_at_ms=now_ms() - 1)
    assert refused(keys, secret).fault is CredentialFault.EXPIRED
    assert authenticate(keys, later)
    assert key.access_key is not None
    assert refused(keys, token((key.access_key, secret_key))).fault is CredentialFault.EXPIRED


def test_use_is_noted(keys: KeyStore, pair: Pair) -> None:
    authenticate(keys, token(pair))
    found = keys.find_pair(pair[0])
    assert found is not None
    assert found.last_used_at_ms is not None
