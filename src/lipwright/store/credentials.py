"""From what a caller shows, an API key or a signed token, to the key that it proves."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Any

import jwt

from lipwright.store.clock import now_ms
from lipwright.store.keys import KEY_MARK, ApiKey, KeyStore

CLOCK_SKEW_S = 60
"""How far the clock of a caller who signs tokens may be off."""

_MAX_TOKEN_CHARS = 8192
_MAX_ACCESS_KEY_CHARS = 64


class CredentialFault(StrEnum):
    """Why a credential is refused."""

    FAILED = auto()
    """A whole token, but not signed with a SecretKey that goes with a live AccessKey."""
    INVALID = auto()
    """Neither an API key nor a token that can be read."""
    TOO_EARLY = auto()
    EXPIRED = auto()


class CredentialError(Exception):
    """A credential is refused; the detail is for the caller."""

    def __init__(self, fault: CredentialFault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


def authenticate(keys: KeyStore, credential: str) -> ApiKey:
    """Return the live key that a credential proves.

    Parameters
    ----------
    keys
        With the server's secret.
    credential
        An API key, or a JSON web token: HS256, ``iss`` an AccessKey, signed with its SecretKey,
        ``exp`` required, ``nbf`` heeded, other claims ignored.

    Raises
    ------
    CredentialError
        In no case does it tell whether an AccessKey exists: the signature is looked at first, and
        every AccessKey has a SecretKey, given out or not.
    """
    if credential.startswith(KEY_MARK):
        key = keys.find(credential)
        if key is None:
            raise CredentialError(CredentialFault.INVALID, "Authorization is invalid")
    else:
        key = keys.find_pair(_issuer(keys, credential))
        if key is None:
            raise CredentialError(CredentialFault.FAILED, "Authentication failed")
    _check_time(key)
    keys.note_use(key)
    return key


def authenticate_at_once(keys: KeyStore, credential: str) -> ApiKey | None:
    """Return what `authenticate` would if that takes no journey to the database, else None.

    Raises
    ------
    CredentialError
        The API key has expired.
    """
    key = keys.known(credential) if credential.startswith(KEY_MARK) else None
    if key is not None:
        _check_time(key)
    return key


def _check_time(key: ApiKey) -> None:
    if key.expires_at_ms is not None and key.expires_at_ms <= now_ms():
        raise CredentialError(CredentialFault.EXPIRED, "Authorization has expired")


def _issuer(keys: KeyStore, token: str) -> str:
    """Return the AccessKey that issued a token, once its signature and times are found good."""
    _check_parts(token)
    invalid = CredentialError(CredentialFault.INVALID, "Authorization is invalid")
    if len(token) > _MAX_TOKEN_CHARS:
        raise invalid
    try:
        unproven = jwt.decode(token, options={"verify_signature": False})
        issuer = unproven.get("iss")
        if not isinstance(issuer, str) or not 0 < len(issuer) <= _MAX_ACCESS_KEY_CHARS:
            raise invalid
        _prove(token, keys.secret_key(issuer))
    except jwt.ExpiredSignatureError:
        raise CredentialError(CredentialFault.EXPIRED, "Authorization has expired") from None
    except jwt.ImmatureSignatureError:
        raise CredentialError(CredentialFault.TOO_EARLY, "Authorization is not yet valid") from None
    except jwt.InvalidSignatureError:
        raise CredentialError(CredentialFault.FAILED, "Authentication failed") from None
    # A token that PyJWT cannot even read may break it in ways that it does not name.
    except (jwt.InvalidTokenError, ValueError, OverflowError, RecursionError):
        raise invalid from None
    return issuer


def _prove(token: str, secret_key: str) -> None:
    checks: Any = {
        "require": ["iss", "exp"],
        "verify_aud": False,
        "verify_iat": False,
        "verify_sub": False,
        "verify_jti": False,
    }
    jwt.decode(token, secret_key, algorithms=["HS256"], leeway=CLOCK_SKEW_S, options=checks)


def _check_parts(token: str) -> None:
    dots = token.count(".")
    if dots == 2:
        return
    # The vendor's words, with its way of counting: without any dot there are no parts.
    got = {0: "0", 1: "2"}.get(dots, "> 3")
    raise CredentialError(
        CredentialFault.INVALID,
        f"The token was expected to have 3 parts, but got {got}"
        + ("" if dots else f" (and an API key of this service begins with {KEY_MARK})"),
    )
