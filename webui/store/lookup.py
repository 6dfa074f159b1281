"""Runs by the beginning of their id, as somebody types it."""

from sqlalchemy import select

from webui.store.base import StorePart, whole
from webui.store.tables import SHOWN, runs


class Lookup(StorePart):
    """What finds a run that is not named in full."""

    @whole
    async def ids_beginning(self, start: str, limit: int = 5) -> list[str]:
        """At most `limit` ids that begin so, the one that is wholly so first."""
        fits = runs.c.id.startswith(start, autoescape=True)
        statement = select(runs.c.id).where(fits, SHOWN).order_by(runs.c.id).limit(limit)
        async with self._database.reading() as connection:
            return list((await connection.scalars(statement)).all())
