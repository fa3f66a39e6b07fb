"""What a caller may send as a sound: a URL, a data URI, or raw Base64."""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from lipwright.errors import BadInputError

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_SPACE = re.compile(rb"\s+")


def is_url(sound: str) -> bool:
    """Whether the sound is a URL (of any scheme) rather than the bytes themselves."""
    return _URL.match(sound) is not None


def decode_sound(sound: str, max_bytes: int) -> bytes:
    """Return the bytes of a data URI or of Base64, with or without padding or line breaks.

    Raises
    ------
    BadInputError
        Field ``speech``: ``not_base64``, ``empty``, ``too_large``.
    """
    encoded = sound.strip().encode("ascii", errors="replace")
    if encoded[:5].lower() == b"data:":
        head, comma, encoded = encoded.partition(b",")
        if not comma:
            raise BadInputError("speech", "not_base64", "the data URI has no comma")
        encoded = unquote_to_bytes(encoded)
        if not head.lower().endswith(b";base64"):
            raise BadInputError("speech", "not_base64", "the data URI does not say base64")
    encoded = _SPACE.sub(b"", encoded).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if len(encoded) // 4 * 3 > max_bytes:
        raise _too_large(max_bytes)
    if not encoded:
        raise BadInputError("speech", "empty", "there are no bytes in it")
    try:
        data = b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise BadInputError(
            "speech", "not_base64", "it is neither a URL nor valid Base64"
        ) from None
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return data


def _too_large(max_bytes: int) -> BadInputError:
    return BadInputError("speech", "too_large", f"must be at most {max_bytes / 1e6:g} MB")
