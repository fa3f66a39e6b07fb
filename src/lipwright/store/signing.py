"""Tokens that open one object until they expire, signed with HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from lipwright.settings import Settings
from lipwright.store.clock import now_ms

SECRET_FILE = "signing-secret"
"""Where in the data folder the secret is kept that no setting gives."""

_MAC_BYTES = 16
_EXPIRY = struct.Struct(">Q")


SEAL_BYTES = 32
"""Length of a file's seal."""


class BadTokenError(Exception):
    """The token is not one of ours, or it has expired."""


class Signer:
    """Makes and checks tokens.

    Parameters
    ----------
    secret
        Whoever has it can open every object.
    """

    def __init__(self, secret: bytes) -> None:
        # A key of its own for this purpose: the secret may one day sign other things too.
        self._key = hmac.digest(secret, b"lipwright file link 1", "sha256")

    def sign(self, key: str, expires_at_ms: int) -> str:
        """Return a token for an object; equal arguments give equal tokens."""
        payload = _EXPIRY.pack(expires_at_ms) + key.encode()
        return urlsafe_b64encode(self._mac(payload) + payload).rstrip(b"=").decode()

    def verify(self, token: str) -> str:
        """Return the key of the object that a token opens now; raises `BadTokenError`."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError as error:
            raise BadTokenError("not a token") from error
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if len(payload) <= _EXPIRY.size or not hmac.compare_digest(mac, self._mac(payload)):
            raise BadTokenError("not signed by this service")
        if _EXPIRY.unpack_from(payload)[0] <= now_ms():
            raise BadTokenError("expired")
        return payload[_EXPIRY.size :].decode()

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)[:_MAC_BYTES]


class FileSeal:
    """Tells files that this service wrote from those that somebody else put in their place.

    Parameters
    ----------
    secret
        The server's own; nobody without it can make a seal.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"lipwright file seal 1", "sha256")

    def of(self, key: str, path: Path) -> bytes:
        """Return the seal of a file as the object of that key."""
        mac = hmac.new(self._key, key.encode() + b"\0", hashlib.sha256)
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                mac.update(piece)
        return mac.digest()


def server_secret(settings: Settings) -> bytes:
    """Return the secret that the server's other keys are derived from."""
    if settings.signing_secret is not None:
        return settings.signing_secret.get_secret_value().encode()
    return load_secret(settings.data_dir / SECRET_FILE)


def load_secret(path: Path) -> bytes:
    """Return the secret kept in a file, made on first use and readable by its owner only.

    Processes that start together agree on one secret: whoever links its file first wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes().strip()
