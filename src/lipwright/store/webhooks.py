"""Secrets and signatures of callbacks, after the Standard Webhooks specification.

The signed text is ``{id}.{timestamp}.{body}``, the signature HMAC-SHA256 with the secret's
decoded bytes. While a secret is being replaced both sign, so a receiver may change over any time
in between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.ids import new_id
from lipwright.store.tables import WebhookSecretRow

PREFIX = "whsec_"
GRACE_MS = 7 * 86_400_000
"""How long a replaced secret goes on to sign."""

_SECRET_BYTES = 32


def signature(secret: str, id: str, timestamp_s: int, body: bytes) -> str:
    """Return ``v1,…`` for one message.

    Parameters
    ----------
    secret
        ``whsec_`` and Base64.
    id, timestamp_s, body
        The message's id, the Unix time in s at which it is sent, and its bytes.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    text = f"{id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


class WebhookSecrets:
    """The secrets of the accounts; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rotate(self, account_id: str) -> str:
        """Make a new secret and return it; the one before signs for `GRACE_MS` more."""
        secret = PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        now = now_ms()
        with self._database.write() as session:
            for row in self._live(session, account_id):
                if row.expires_at_ms is None:
                    row.expires_at_ms = now + GRACE_MS
                else:  # two signatures are enough: the oldest secret goes
                    session.delete(row)
            session.add(
                WebhookSecretRow(
                    id=new_id(),
                    account_id=account_id,
                    secret=secret,
                    created_at_ms=now,
                    expires_at_ms=None,
                )
            )
        return secret

    def remove(self, account_id: str) -> None:
        """Forget all secrets of an account: its callbacks are not signed any more."""
        with self._database.write() as session:
            session.execute(
                delete(WebhookSecretRow).where(WebhookSecretRow.account_id == account_id)
            )

    def live(self, account_id: str) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        with self._database.read() as session:
            return [row.secret for row in self._live(session, account_id)]

    def _live(self, session: Session, account_id: str) -> list[WebhookSecretRow]:
        lasts = WebhookSecretRow.expires_at_ms
        return list(
            session.scalars(
                select(WebhookSecretRow)
                .where(
                    WebhookSecretRow.account_id == account_id,
                    or_(lasts.is_(None), lasts > now_ms()),
                )
                .order_by(lasts.is_not(None), WebhookSecretRow.created_at_ms.desc())
            )
        )
