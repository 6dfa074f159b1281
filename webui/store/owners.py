"""Queries for who runs what: one process owns each live run."""

from datetime import UTC, datetime

from sqlalchemy import func, select, update

from webui.store.base import StorePart, whole
from webui.store.records import LIVE, RunSummary
from webui.store.rows import summary
from webui.store.tables import Moment, runs


class Owners(StorePart):
    """Live runs, their owners and the owners' signs of life."""

    @whole
    async def moment(self, now: datetime) -> datetime:
        """The clock by which signs of life are written and judged: the database's where several machines
        share it, as their own may differ; `now` on SQLite."""
        if self._database.dialect != "postgresql":
            return now
        async with self._database.reading() as connection:
            return await connection.scalar(select(func.clock_timestamp(type_=Moment))) or now

    @whole
    async def live_runs(self) -> list[RunSummary]:
        """The runs that have not ended, whoever owns them, oldest first."""
        statement = select(runs).where(runs.c.status.in_(LIVE)).order_by(runs.c.created_at, runs.c.id)
        async with self._database.reading() as connection:
            return [summary(found) for found in await connection.execute(statement)]

    @whole
    async def beat(self, owner: str, now: datetime) -> list[str]:
        """Says that the owner of its live runs is alive; the ids of these runs."""
        mine = (runs.c.owner == owner) & runs.c.status.in_(LIVE)
        statement = update(runs).where(mine).values(heartbeat_at=now).returning(runs.c.id)
        async with self._database.writing() as connection:
            return list((await connection.scalars(statement)).all())

    @whole
    async def claim(self, run_id: str, *, owner: str, new_owner: str) -> bool:
        """Takes a live run over from an owner found dead; False when another process was first."""
        theirs = (runs.c.id == run_id) & (runs.c.owner == owner) & runs.c.status.in_(LIVE)
        values = {"owner": new_owner, "heartbeat_at": await self.moment(datetime.now(UTC))}
        async with self._database.writing() as connection:
            return (await connection.execute(update(runs).where(theirs).values(**values))).rowcount == 1
