"""The database tables. Times are Unix ms, money is in millionths of a PTC.

Whatever a tenant owns carries ``account_id``, and every query for it filters by that.

Releases run side by side on one database while a fleet is upgraded, so tables and columns are
only ever added, and a new column of an old table is nullable or has a default in the database.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Declarative base; an ``int`` holds 64 bits."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class AccountRow(Base):
    """A tenant. Whoever changes money or takes a slot locks this row first.

    A rule that is None is the one in the settings. ``balance_micro_ptc`` is the sum of the
    account's ledger, kept here so that it can be checked and changed under one lock.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    balance_micro_ptc: Mapped[int] = mapped_column(default=0)
    prepaid: Mapped[bool | None]
    concurrency: Mapped[int | None] = mapped_column(Integer)
    rate_per_minute: Mapped[int | None] = mapped_column(Integer)
    next_call_at_us: Mapped[int] = mapped_column(default=0)
    # How many tasks may be worked on at once, and the priority of its tasks.
    running: Mapped[int | None] = mapped_column(Integer)
    priority: Mapped[int | None] = mapped_column(Integer)
    created_at_ms: Mapped[int]


class ApiKeyRow(Base):
    """A credential of an account: an API key, or an AccessKey for signed tokens.

    No secret is stored: of an API key only its SHA-256, of an AccessKey nothing, because its
    SecretKey follows from it and the server's own secret.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    access_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int | None]
    last_used_at_ms: Mapped[int | None]
    revoked_at_ms: Mapped[int | None]


class SessionRow(Base):
    """An identified video."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    video_id: Mapped[str] = mapped_column(String(32))
    video_key: Mapped[str] = mapped_column(Text)
    video_duration_ms: Mapped[int]
    video_expires_at_ms: Mapped[int]
    identification_key: Mapped[str] = mapped_column(Text)
    price_micro_ptc: Mapped[int]
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int] = mapped_column(index=True)


class FaceRow(Base):
    """A face of a session that can be lip-synced, and when."""

    __tablename__ = "faces"

    session_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    face_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(Integer)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    image_key: Mapped[str] = mapped_column(Text)


class TaskRow(Base):
    """A lip-sync task: submitted -> processing -> succeed | failed | cancelled."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_tasks_account_created", "account_id", "created_at_ms"),
        Index("ix_tasks_account_status", "account_id", "status"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str | None] = mapped_column(String(512))
    session_id: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), index=True)
    message: Mapped[str] = mapped_column(Text, default="")
    stage: Mapped[str] = mapped_column(String(64), default="")
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    order: Mapped[dict[str, Any]] = mapped_column("work_order")
    parent_id: Mapped[str] = mapped_column(String(32))
    parent_key: Mapped[str] = mapped_column(Text)
    parent_duration_ms: Mapped[int]
    parent_expires_at_ms: Mapped[int]
    # Which operation made it: each lists and finds its own.
    kind: Mapped[str] = mapped_column(String(16), default="advanced")
    # When the present attempt began; with the end it tells how fast the work goes.
    started_at_ms: Mapped[int | None]
    watermark: Mapped[bool] = mapped_column(Boolean, default=False)
    watermark_key: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(String(64), default="")
    # Who is told of each change of status, in whose words, and how links then begin.
    callback_url: Mapped[str | None] = mapped_column(Text)
    callback_writer: Mapped[str] = mapped_column(Text, default="")
    callback_base: Mapped[str] = mapped_column(Text, default="")
    result_id: Mapped[str | None] = mapped_column(String(32))
    result_key: Mapped[str | None] = mapped_column(Text)
    result_duration_ms: Mapped[int | None]
    warnings: Mapped[list[str]]
    price_micro_ptc: Mapped[int]
    # Releases that know no priority leave it to the database.
    priority: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    created_at_ms: Mapped[int]
    updated_at_ms: Mapped[int]
    expires_at_ms: Mapped[int] = mapped_column(index=True)


class QueueItemRow(Base):
    """A piece of work that waits for a worker or is done by one: a task, or a part of one.

    The row is there from the transaction that accepts the work until the work is over. ``rank``
    says when its turn is: see `lipwright.jobs.fairness`.
    """

    __tablename__ = "queue_items"
    __table_args__ = (Index("ix_queue_items_next", "state", "queue", "rank"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(32), index=True)
    account_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str] = mapped_column(String(16))
    # What a worker must at least understand to do this.
    format: Mapped[int] = mapped_column(Integer)
    priority: Mapped[int] = mapped_column(Integer)
    cost_ms: Mapped[int]
    rank: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    holder: Mapped[str | None] = mapped_column(String(128), index=True)
    # Whether a worker died with this and others at work, and how many died with this alone.
    suspect: Mapped[bool] = mapped_column(Boolean)
    deaths: Mapped[int] = mapped_column(Integer)
    arguments: Mapped[dict[str, Any]]
    queued_at_ms: Mapped[int]
    started_at_ms: Mapped[int | None]


class FlowRow(Base):
    """Up to where an account has used its share of a queue, in virtual time."""

    __tablename__ = "queue_flows"

    queue: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    priority: Mapped[int] = mapped_column(Integer, primary_key=True)
    finish: Mapped[int]


class QueueClockRow(Base):
    """A queue's virtual time; whoever takes work from the queue locks this row."""

    __tablename__ = "queue_clocks"

    queue: Mapped[str] = mapped_column(String(16), primary_key=True)
    virtual: Mapped[int]


class UploadRow(Base):
    """A file that a caller sent."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    key: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int] = mapped_column(index=True)


class ArtifactRow(Base):
    """An object in the object store and how long it is kept.

    The row is written before the object and removed after it, so that an object without a row
    is always rubbish.
    """

    __tablename__ = "artifacts"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int] = mapped_column(index=True)


class LedgerRow(Base):
    """One movement of money; rows are only ever added. A charge is negative."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("kind", "reference"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(64))
    amount_micro_ptc: Mapped[int]
    created_at_ms: Mapped[int]


class IdempotencyRow(Base):
    """An Idempotency-Key, what it was sent with, and what came of it (None: still running)."""

    __tablename__ = "idempotency_keys"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    holder: Mapped[str] = mapped_column(String(32))
    held_until_ms: Mapped[int]
    reference: Mapped[str | None] = mapped_column(String(64))
    expires_at_ms: Mapped[int] = mapped_column(index=True)


class LeaseRow(Base):
    """A name that its holder owns for as long as it keeps renewing."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    expires_at_ms: Mapped[int] = mapped_column(index=True)
    # Of a worker: how much it does at once, and from which queues, separated by commas.
    slots: Mapped[int | None] = mapped_column(Integer)
    queues: Mapped[str | None] = mapped_column(Text)


class DeliveryRow(Base):
    """A callback to be sent: written with the change of status that it tells of.

    The deliveries of a task are numbered and sent in that order, each until it is ``delivered``
    or given up as ``undelivered``.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("task_id", "number"),
        Index("ix_deliveries_due", "status", "next_at_ms"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    task_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int] = mapped_column(Integer)
    url: Mapped[str] = mapped_column(Text)
    task_status: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(Text)
    next_at_ms: Mapped[int]
    created_at_ms: Mapped[int]
    updated_at_ms: Mapped[int]


class WebhookSecretRow(Base):
    """A secret that signs an account's callbacks; needed in the clear to sign."""

    __tablename__ = "webhook_secrets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    secret: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int]
    expires_at_ms: Mapped[int | None]
