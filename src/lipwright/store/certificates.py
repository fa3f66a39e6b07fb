"""The certificate that results are signed with: the operator's own, or one for development."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lipwright.errors import FailedError
from lipwright.settings import Settings

DEVELOPMENT_FILE = "c2pa-development.pem"
"""Where in the data folder the development certificate is kept, its key with it."""

_LIFE_DAYS = 3650
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\n?", re.DOTALL)


@dataclass(frozen=True, repr=False)
class SigningCertificate:
    """A chain of PEM certificates, the signer's own first, and its private key."""

    chain: bytes
    key: bytes


def signing_certificate(settings: Settings) -> SigningCertificate:
    """Return what the settings name, or else the development certificate, made on first use.

    Needs the extra ``c2pa``. Processes that start together agree on one certificate.

    Raises
    ------
    FailedError
        ``c2pa``: a file cannot be read, or only one of the two is named.
    """
    try:
        if settings.c2pa_cert is not None and settings.c2pa_key is not None:
            return SigningCertificate(
                settings.c2pa_cert.read_bytes(), settings.c2pa_key.read_bytes()
            )
        if settings.c2pa_cert is not None or settings.c2pa_key is not None:
            raise FailedError("c2pa", "C2PA_CERT and C2PA_KEY must be set both or neither")
        return _parsed(_kept(settings.data_dir / DEVELOPMENT_FILE))
    except OSError as error:
        raise FailedError("c2pa", f"the certificate or its key cannot be read: {error}") from error


def _kept(path: Path) -> bytes:
    """Return the file's content; make it where there is none. Whoever links it first wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = _development()
        part = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(made.key + made.chain)
        try:
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
        finally:
            part.unlink()
    return path.read_bytes()


def _parsed(content: bytes) -> SigningCertificate:
    blocks = [(match[1], match[0]) for match in _BLOCK.finditer(content)]
    return SigningCertificate(
        b"".join(block for name, block in blocks if name == b"CERTIFICATE"),
        b"".join(block for name, block in blocks if name.endswith(b"PRIVATE KEY")),
    )


def _development() -> SigningCertificate:
    """Make an authority that signs one certificate and is forgotten.

    The rules for such certificates (C2PA specification, "Certificate profile") forbid that a
    signer's certificate signs itself.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)

    def certificate(name: str, public: Any, issuer: str, signer: Any, authority: bool) -> Any:
        def named(common: str) -> x509.Name:
            return x509.Name(
                [
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, "lipwright development"),
                    x509.NameAttribute(NameOID.COMMON_NAME, common),
                ]
            )

        usage = {
            "digital_signature": not authority,
            "content_commitment": False,
            "key_encipherment": False,
            "data_encipherment": False,
            "key_agreement": False,
            "key_cert_sign": authority,
            "crl_sign": authority,
            "encipher_only": False,
            "decipher_only": False,
        }
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=_LIFE_DAYS))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )
        if not authority:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(signer, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("authority", root.public_key(), "authority", root, True)
    signer = certificate("signer", own.public_key(), "authority", root, False)
    pem = serialization.Encoding.PEM
    return SigningCertificate(
        signer.public_bytes(pem) + authority.public_bytes(pem),
        own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
