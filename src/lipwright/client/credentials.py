"""Who is asking: a plain key, or tokens signed with a pair of keys as Kling wants them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from typing import Protocol

from lipwright.client.errors import UnusableError

TOKEN_S = 1800
"""How long a token is valid, as the vendor's own sample has it."""

_EARLY_S = 5
_RENEW_S = 120


class Credentials(Protocol):
    """Gives the header ``Authorization``, empty for none."""

    def header(self) -> str:
        """Return the header's value for a request that is sent now."""
        ...


class Key:
    """A key that is sent as it is; empty for a service that wants none."""

    def __init__(self, key: str) -> None:
        self._key = key

    def header(self) -> str:
        """Return ``Bearer`` and the key."""
        return f"Bearer {self._key}" if self._key else ""


class KeyPair:
    """AccessKey and SecretKey: JSON web tokens, HS256, each used until shortly before its end.

    Parameters
    ----------
    access_key, secret_key
        As the service gave them out.
    clock
        Gives Unix time in s.
    """

    def __init__(
        self, access_key: str, secret_key: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._access_key = access_key
        self._secret = secret_key.encode()
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._made_at = self._ends_at = 0.0

    def header(self) -> str:
        """Return ``Bearer`` and a token that is valid for at least two minutes more."""
        now = self._clock()
        with self._lock:
            if not self._made_at <= now < self._ends_at - _RENEW_S:
                self._made_at, self._ends_at = now, now + TOKEN_S
                self._token = token(self._access_key, self._secret, int(now))
            return f"Bearer {self._token}"


def token(access_key: str, secret: bytes, now_s: int) -> str:
    """Return a signed JSON web token (RFC 7519 and RFC 7515, HMAC with SHA-256)."""
    claims = {"iss": access_key, "exp": now_s + TOKEN_S, "nbf": now_s - _EARLY_S}
    text = b".".join(
        _base64url(json.dumps(part, separators=(",", ":")).encode())
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    )
    signature = _base64url(hmac.digest(secret, text, hashlib.sha256))
    return (text + b"." + signature).decode()


def credentials_from(key: str, access_key: str, secret_key: str) -> Credentials:
    """Return the credentials that the caller has.

    Raises
    ------
    UnusableError
        Both sorts were given, or half a pair.
    """
    if bool(access_key) != bool(secret_key):
        raise UnusableError("access_key and secret_key belong together")
    if key and access_key:
        raise UnusableError("give either key or access_key and secret_key")
    for value in (key, access_key):
        if not value.isascii() or not value.isprintable() or " " in value:
            raise UnusableError("a key has printable ASCII characters only, and no blanks")
    return KeyPair(access_key, secret_key) if access_key else Key(key)


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
