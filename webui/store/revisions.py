"""Which migrations there are, and whether a database has had them all."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def is_newest(connection: Connection) -> bool:
    """Whether there is nothing to migrate."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return bool(connection.scalar(text("SELECT version_num FROM alembic_version")) == newest())


@lru_cache(maxsize=1)
def newest() -> str:
    """The last migration's revision: files are named after them, `0006_secrets_in_addresses.py`."""
    return max(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*_*.py"))
