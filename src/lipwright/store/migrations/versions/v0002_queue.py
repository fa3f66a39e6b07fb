"""The queue: what waits, whose turn it is, which worker offers what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add only what the release before neither needs nor minds."""
    op.add_column("accounts", sa.Column("running", sa.Integer(), nullable=True))
    op.add_column("accounts", sa.Column("priority", sa.Integer(), nullable=True))
    op.add_column("leases", sa.Column("slots", sa.Integer(), nullable=True))
    op.add_column("leases", sa.Column("queues", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "queue_items",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("cost_ms", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=True),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("queued_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_queue_items_next", "queue_items", ["state", "queue", "rank"])
    op.create_index(op.f("ix_queue_items_task_id"), "queue_items", ["task_id"])
    op.create_index(op.f("ix_queue_items_holder"), "queue_items", ["holder"])
    op.create_table(
        "queue_flows",
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "account_id", "priority"),
    )
    clocks = op.create_table(
        "queue_clocks",
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("virtual", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("queue"),
    )
    op.bulk_insert(clocks, [{"queue": name, "virtual": 0} for name in ("cpu", "gpu")])
