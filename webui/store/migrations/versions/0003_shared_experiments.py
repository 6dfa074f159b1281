"""Links to experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A link belongs to a run, as before, or to an experiment. SQLite, which cannot take a NOT NULL away,
    gets the table anew, with its rows."""
    with op.batch_alter_table("shares", copy_from=_before()) as shares:
        shares.alter_column("run_id", existing_type=sa.String(64), nullable=True)
        shares.add_column(sa.Column("experiment_id", sa.String(64)))
        shares.create_foreign_key(
            "fk_shares_experiment_id", "experiments", ["experiment_id"], ["id"], ondelete="CASCADE"
        )
    some = sa.text("experiment_id IS NOT NULL")
    op.create_index(
        "ix_shares_experiment", "shares", ["experiment_id"], sqlite_where=some, postgresql_where=some
    )


def _before() -> sa.Table:
    """The table as 0002 left it. To read that from the database would stumble over other tables' indexes."""
    moment = sa.DateTime(timezone=True)
    metadata = sa.MetaData()
    sa.Table("runs", metadata, sa.Column("id", sa.String(64), primary_key=True))
    return sa.Table(
        "shares",
        metadata,
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("revoked_at", moment),
        sa.Column("expires_at", moment),
        sa.Column("views", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("last_viewed_at", moment),
        sa.Column("hide_target", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("runs", sa.JSON),
        sa.PrimaryKeyConstraint("token", name="pk_shares"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_shares_run_id", ondelete="CASCADE"),
        sa.Index("ix_shares_run_id", "run_id"),
    )
