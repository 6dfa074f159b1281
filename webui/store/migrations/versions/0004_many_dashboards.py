"""What one dashboard asks of another; PostgreSQL's own indexes for lists."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the table of commands and, on PostgreSQL, makes its indexes of lists anew."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "commands",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("taken_at", moment),
        sa.Column("answer", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _replace_list_indexes()


def _replace_list_indexes() -> None:
    # PostgreSQL does not take `deleted_at IS NULL` for an equality that leaves the order of the other columns
    # as it is, and sorted all runs for each page. It does see what a partial index covers.
    keys = {
        "name": ["lower(name)"],
        "target": ["target"],
        "throughput": ["coalesce(throughput_rps, -1)"],
        "p95": ["coalesce(p95_ms, -1)"],
        "success": ["coalesce(success_percent, -1)"],
        "requests": ["coalesce(sent, -1)"],
        "created": ["created_at"],
        "status": ["status", "created_at"],
        "plan": ["plan_key", "created_at"],
        "pinned": ["pinned", "created_at"],
    }
    shown = sa.text("deleted_at IS NULL")
    for name, columns in keys.items():
        op.drop_index(f"ix_runs_{name}", "runs")
        texts = [sa.text(column) for column in (*columns, "id")]
        op.create_index(f"ix_runs_{name}", "runs", texts, postgresql_where=shown)
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_runs_deleted", "runs", ["deleted_at"], postgresql_where=deleted)
    # The beginning of an id, whatever the database's collation.
    op.execute("CREATE INDEX ix_runs_beginning ON runs (id text_pattern_ops)")
