"""Brings a database up to date by Alembic, which takes so long to import that only what migrates does."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from webui.errors import StoreUnavailable
from webui.store.faults import unavailable, where
from webui.store.revisions import MIGRATIONS, is_newest

WAIT_S: Final = 50  # how long a dashboard waits while another one migrates
_LOCK: Final = 0x6B617479  # any number that no other program locks


def migrate(connection: Connection) -> None:
    """Migrates inside the connection's transaction. Raises StoreUnavailable for a database that a newer
    Katydid wrote."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if is_newest(connection):  # another dashboard was faster
            return
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise _refusal(connection, error) from error


def _refusal(connection: Connection, error: CommandError) -> StoreUnavailable:
    url = connection.engine.url
    if "Can't locate revision" not in str(error):
        return unavailable(url, error)
    return StoreUnavailable(
        f"{where(url)} was written by a newer version of Katydid: upgrade Katydid, or name another database."
    )
