"""Runs with their documents, snapshots and shares."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the first tables. Written out, so that later changes to `tables.py` leave it as it is."""
    moment = sa.DateTime(timezone=True)
    _create_runs(moment)
    _create_list_indexes()
    _create_what_belongs_to_runs(moment)


def _create_runs(moment: sa.DateTime) -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("status_reason", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("load", sa.Text, nullable=False),
        sa.Column("planned_s", sa.Float),
        sa.Column("started_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("heartbeat_at", moment),
        sa.Column("shards", sa.Integer, nullable=False),
        sa.Column("load_s", sa.Float),
        sa.Column("throughput_rps", sa.Float),
        sa.Column("p95_ms", sa.Float),
        sa.Column("success_percent", sa.Float),
        sa.Column("sent", sa.BigInteger),
        sa.Column("spark", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )


def _create_what_belongs_to_runs(moment: sa.DateTime) -> None:
    op.create_table(
        "run_tags",
        sa.Column("tag", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tag", "run_id", name="pk_run_tags"),
        _belongs_to_run("run_tags"),
    )
    op.create_index("ix_run_tags_run_id", "run_tags", ["run_id"])
    op.create_table(
        "documents",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("result", sa.LargeBinary),
        sa.PrimaryKeyConstraint("run_id", name="pk_documents"),
        _belongs_to_run("documents"),
    )
    op.create_table(
        "snapshots",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_snapshots"),
        _belongs_to_run("snapshots"),
    )
    op.create_table(
        "shares",
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("revoked_at", moment),
        sa.PrimaryKeyConstraint("token", name="pk_shares"),
        _belongs_to_run("shares"),
    )
    op.create_index("ix_shares_run_id", "shares", ["run_id"])


def _belongs_to_run(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=f"fk_{table}_run_id", ondelete="CASCADE")


def _create_list_indexes() -> None:
    keys = {
        "name": "lower(name)",
        "target": "target",
        "throughput": "coalesce(throughput_rps, -1)",
        "p95": "coalesce(p95_ms, -1)",
        "success": "coalesce(success_percent, -1)",
        "requests": "coalesce(sent, -1)",
    }
    # With the searched text in the index, SQLite searches 100,000 runs in a quarter of the time, as it then
    # reads nothing else. PostgreSQL allows an entry 2.7 kB, less than the longest such text.
    searched = ["search"] if op.get_bind().dialect.name == "sqlite" else []
    op.create_index("ix_runs_created", "runs", ["created_at", "id", *searched])
    for name, key in keys.items():
        op.create_index(f"ix_runs_{name}", "runs", [sa.text(key), "id"])
    # Lists of one status, newest first; also what lists sorted by status read.
    op.create_index("ix_runs_status", "runs", ["status", "created_at", "id"])
