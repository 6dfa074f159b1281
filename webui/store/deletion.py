"""Queries for deletion with undo, and for filling in what older versions did not keep."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from webui.store import rows
from webui.store.base import StorePart, no_run, whole
from webui.store.records import LIVE, RunRecord
from webui.store.tables import SHOWN, documents, runs


class Deletion(StorePart):
    """A deleted run is hidden first and purged later."""

    @whole
    async def hide_run(self, run_id: str, now: datetime) -> None:
        """Deletes the run for all to see; `restore_run` brings it back until it is purged. Raises NotFound,
        also for one deleted already."""
        this = (runs.c.id == run_id) & SHOWN
        async with self._database.writing() as connection:
            done = await connection.execute(update(runs).where(this).values(deleted_at=now))
            if done.rowcount == 0:
                raise no_run(run_id)

    @whole
    async def restore_run(self, run_id: str) -> None:
        """Brings a deleted run back; one that is not deleted stays as it is. Raises NotFound."""
        async with self._database.writing() as connection:
            done = await connection.execute(update(runs).where(runs.c.id == run_id).values(deleted_at=None))
            if done.rowcount == 0:
                raise no_run(run_id)

    @whole
    async def deleted_at(self, run_id: str) -> datetime | None:
        """When the run was deleted; None when it is not deleted, not there, or purged."""
        statement = select(runs.c.deleted_at).where(runs.c.id == run_id)
        async with self._database.reading() as connection:
            return await connection.scalar(statement)

    @whole
    async def delete_run(self, run_id: str) -> None:
        """Deletes the run for good, with its snapshots and shares. Raises NotFound."""
        async with self._database.writing() as connection:
            done = await connection.execute(delete(runs).where(runs.c.id == run_id))
            if done.rowcount == 0:
                raise no_run(run_id)

    @whole
    async def purge(self, before: datetime, limit: int = 100) -> int:
        """Deletes runs for good that were deleted before that moment, at most `limit` of them; how many."""
        old = select(runs.c.id).where(runs.c.deleted_at.is_not(None), runs.c.deleted_at < before)
        async with self._database.writing() as connection:
            done = await connection.execute(delete(runs).where(runs.c.id.in_(old.limit(limit))))
            return done.rowcount

    # -- what older versions did not keep --------------------------------------------------------------

    @whole
    async def without_plan_key(self, limit: int) -> list[RunRecord]:
        """Ended runs whose `plan_key` has not been worked out, the newest first."""
        statement = (
            select(runs, documents.c.plan, documents.c.baseline, documents.c.result)
            .join(documents, documents.c.run_id == runs.c.id)
            .where(runs.c.plan_key.is_(None), runs.c.status.not_in(LIVE), SHOWN)
            .order_by(runs.c.created_at.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [rows.record(row) for row in await connection.execute(statement)]

    @whole
    async def fill_in(self, found: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Sets fields of many runs, each given as (id, fields), in one transaction."""
        async with self._database.writing() as connection:
            for run_id, fields in found:
                await connection.execute(update(runs).where(runs.c.id == run_id).values(**rows.row(fields)))
