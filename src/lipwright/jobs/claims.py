"""Idempotency keys while their work goes on: claims are renewed until they end."""

from __future__ import annotations

import logging
import threading
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from lipwright.store.idempotency import HOLD_MS, Claim, Done, IdempotencyKeys, Running

log = logging.getLogger(__name__)

RENEW_S = HOLD_MS / 1000 / 5


class Claims:
    """Claims keys and keeps them claimed; thread-safe. Use it as a context manager."""

    def __init__(self, keys: IdempotencyKeys) -> None:
        self._keys = keys
        self._held: set[Claim] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def claim(self, account_id: str, key: str, fingerprint: str) -> Claim | Running | Done:
        """See `IdempotencyKeys.claim`; end a claim with `end`."""
        found = self._keys.claim(account_id, key, fingerprint)
        if isinstance(found, Claim):
            with self._lock:
                self._held.add(found)
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._keep, name="idempotency", daemon=True
                    )
                    self._thread.start()
        return found

    def end(self, claim: Claim) -> None:
        """The work is over: without a result, the key can be used again."""
        with self._lock:
            self._held.discard(claim)
        self._keys.release(claim)

    def close(self) -> None:
        """Renew nothing any more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _keep(self) -> None:
        while not self._closing.wait(RENEW_S):
            with self._lock:
                held = list(self._held)
            for claim in held:
                try:
                    self._keys.renew(claim)
                except SQLAlchemyError:  # the next turn comes before the claim is over
                    log.warning("an idempotency key could not be renewed", exc_info=True)
