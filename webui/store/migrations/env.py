"""Run by Alembic: migrates on the connection, and in the transaction, that `store.migrating` hands over."""

from alembic import context

from webui.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column by copying its table
)
context.run_migrations()
