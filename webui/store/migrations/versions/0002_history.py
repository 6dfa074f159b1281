"""Plans and their baselines, pins, deletion with undo, more figures; links that expire; experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds columns and tables in place. What the new columns hold of older runs is filled in later, by the
    dashboard in the background: `webui.runs.upkeep`."""
    moment = sa.DateTime(timezone=True)
    for column in (
        sa.Column("plan_key", sa.String(64)),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("deleted_at", moment),
        sa.Column("p50_ms", sa.Float),
        sa.Column("p99_ms", sa.Float),
        sa.Column("spark_p95", sa.JSON),
        sa.Column("pattern", sa.String(20)),
        sa.Column("experiment_id", sa.String(64)),
        sa.Column("cell", sa.JSON),
    ):
        op.add_column("runs", column)
    op.add_column("documents", sa.Column("baseline", sa.JSON))
    for column in (
        sa.Column("expires_at", moment),
        sa.Column("views", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("last_viewed_at", moment),
        sa.Column("hide_target", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("runs", sa.JSON),
    ):
        op.add_column("shares", column)
    _create_tables(moment)
    _replace_list_indexes()


def _create_tables(moment: sa.DateTime) -> None:
    op.create_table(
        "baselines",
        sa.Column("plan_key", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("plan_key", name="pk_baselines"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_baselines_run_id", ondelete="CASCADE"),
    )
    op.create_index("ix_baselines_run_id", "baselines", ["run_id"])
    op.create_table(
        "experiments",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
    )
    op.create_index("ix_experiments_created", "experiments", ["created_at", "id"])


def _replace_list_indexes() -> None:
    keys = {
        "name": "lower(name)",
        "target": "target",
        "throughput": "coalesce(throughput_rps, -1)",
        "p95": "coalesce(p95_ms, -1)",
        "success": "coalesce(success_percent, -1)",
        "requests": "coalesce(sent, -1)",
    }
    for name in (*keys, "created", "status"):
        op.drop_index(f"ix_runs_{name}", "runs")
    # Lists show no deleted runs. `deleted_at` comes first in the indexes rather than in their WHERE: SQLite
    # does not see that a partial index covers what it asks for, and would read every row.
    # The searched text is in them for the reason that the first migration gives.
    searched = ["search"] if op.get_bind().dialect.name == "sqlite" else []
    _create("created", "created_at", "id", *searched)
    _create("status", "status", "created_at", "id", *searched)
    _create("plan", "plan_key", "created_at", "id", "status", *searched)
    for name, key in keys.items():
        _create(name, sa.text(key), "id")
    _create("pinned", "pinned", "created_at", "id")
    some = sa.text("experiment_id IS NOT NULL")
    op.create_index(
        "ix_runs_experiment",
        "runs",
        ["experiment_id", "created_at"],
        sqlite_where=some,
        postgresql_where=some,
    )


def _create(name: str, *columns: "str | sa.TextClause") -> None:
    op.create_index(f"ix_runs_{name}", "runs", ["deleted_at", *columns])
