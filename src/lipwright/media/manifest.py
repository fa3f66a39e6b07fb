"""Content credentials: a signed C2PA manifest in a result, where the extra ``c2pa`` is there.

The manifest says which tool made the file, that a part of it is synthetic, and the hash of the
video that it was made from. Readers of the standard show it; who changes the file breaks it.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from lipwright.errors import FailedError
from lipwright.media.provenance import SOURCE_TYPE

SOURCE_ASSERTION: Final = "org.lipwright.source"
"""Label of the assertion that holds the source's hash: ``{"alg": "sha256", "hash": …}``."""

_SOURCE: Final = "source"


def can_sign() -> bool:
    """Whether the extra ``c2pa`` is installed."""
    return importlib.util.find_spec("c2pa") is not None


def sign(path: Path, chain: bytes, key: bytes, *, source_sha256: str, title: str) -> None:
    """Put a signed manifest into a finished mp4 file.

    Parameters
    ----------
    path
        Replaced when all went well.
    chain, key
        PEM: the signer's certificate with those that vouch for it, and its private key
        (P-256, P-384, P-521, RSA or Ed25519).
    source_sha256
        Hash of the source video, hexadecimal.
    title
        What the file is called.

    Raises
    ------
    FailedError
        ``c2pa``: the certificate is not one for this, or the file cannot be signed.
    """
    import c2pa

    part = path.with_name(f".{path.name}.signed")
    try:
        info = c2pa.C2paSignerInfo(_algorithm(key), chain, key, None)
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(_claim(source_sha256, title)) as builder,
            path.open("rb") as file,
            part.open("wb+") as signed,
        ):
            builder.sign(signer, "video/mp4", file, signed)
        part.replace(path)
    except (c2pa.C2paError, ValueError, TypeError) as error:
        raise FailedError("c2pa", f"the result cannot be signed: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _claim(source_sha256: str, title: str) -> dict[str, Any]:
    tool = {"name": "lipwright", "version": version("lipwright")}
    edited = {
        "action": "c2pa.edited",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": tool,
        "description": "The movements of a mouth were made to fit a line of speech.",
    }
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_SOURCE]}}
    return {
        "claim_generator_info": [tool],
        "title": title,
        "format": "video/mp4",
        "ingredients": [
            {
                "title": "source video",
                "format": "video/mp4",
                "relationship": "parentOf",
                "label": _SOURCE,
                "instance_id": f"sha256:{source_sha256}",
            }
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [opened, edited]}},
            {"label": SOURCE_ASSERTION, "data": {"alg": "sha256", "hash": source_sha256}},
        ],
    }


def _algorithm(key: bytes) -> bytes:
    """Return the C2PA name of the signature that a private key makes."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    loaded = load_pem_private_key(key, None)
    if isinstance(loaded, ec.EllipticCurvePrivateKey) and loaded.key_size in (256, 384, 521):
        return {256: b"es256", 384: b"es384", 521: b"es512"}[loaded.key_size]
    if isinstance(loaded, rsa.RSAPrivateKey):
        return b"ps256"
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    raise ValueError("the key is of a kind that C2PA does not know")
