"""PostgreSQL's own index for what is searched for."""

from contextlib import suppress

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """An index of all groups of three letters, so that a search reads the runs that fit and no others.
    Where the extension is not installed, or may not be made, searches read all runs as before."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    with suppress(sa.exc.DBAPIError), connection.begin_nested():
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.create_index(
            "ix_runs_search",
            "runs",
            ["search"],
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
