"""The store: runs, their snapshots and their share links. Every query stands in this package.

All methods raise StoreUnavailable when the database cannot be used. Each of them is all or nothing, also
when its caller is cancelled meanwhile: then it goes on to its end unseen.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Self, Unpack

from sqlalchemy import delete, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from webui.store import listing
from webui.store.base import no_run, whole
from webui.store.commands import Commands
from webui.store.database import Database
from webui.store.deletion import Deletion
from webui.store.experiments import Experiments
from webui.store.links import Links
from webui.store.lookup import Lookup
from webui.store.notices import Listening, Notice, RunNotice, tell
from webui.store.owners import Owners
from webui.store.plans import Plans
from webui.store.records import RunChanges, RunPage, RunQuery, RunRecord
from webui.store.rows import OF_RUN, packed, record, row, search_text, summary
from webui.store.tables import SHOWN, documents, run_tags, runs, snapshots

_CHUNK = 100  # rows in one statement


class Store(Links, Lookup, Plans, Experiments, Deletion, Owners, Commands):
    """The repository. One for a process; safe to use from many tasks at a time."""

    @classmethod
    async def open(cls, database_url: str) -> Self:
        """Opens the database, creates it where there is none, brings its schema up to date.

        Raises InvalidInput for an address that is none, StoreUnavailable.
        """
        return cls(await Database.open(database_url))

    async def close(self) -> None:
        """Closes the database."""
        await self._database.close()

    def listen(self, heard: Callable[[Notice], None], joined: Callable[[], None]) -> Listening | None:
        """What other processes on the same database tell, see `Listening`; None on SQLite, where nothing
        can be told."""
        if self._database.dialect != "postgresql":
            return None
        return Listening(self._database.url, heard, joined)

    @whole
    async def check(self) -> None:
        """Returns when the database answers."""
        async with self._database.reading() as connection:
            await connection.execute(select(runs.c.id).limit(1))

    # -- runs ------------------------------------------------------------------------------------------

    @whole
    async def add_run(self, run: RunRecord) -> None:
        """Adds a run. Raises ValueError when there is one of that id, deleted ones included."""
        async with self._database.writing() as connection:
            if await _exists(connection, run.id):
                raise ValueError(f"there is a run {run.id} already")
            await _add(connection, [run])
            await tell(connection, RunNotice(run.id))

    @whole
    async def add_runs(self, new: Sequence[RunRecord]) -> None:
        """Adds many runs in one transaction; their ids are not there yet."""
        async with self._database.writing() as connection:
            for start in range(0, len(new), _CHUNK):
                await _add(connection, new[start : start + _CHUNK])

    @whole
    async def update_run(self, run_id: str, **changes: Unpack[RunChanges]) -> None:
        """Sets the given fields. Raises NotFound."""
        async with self._database.writing() as connection:
            await _update(connection, run_id, changes)
            await tell(connection, RunNotice(run_id))

    @whole
    async def finish_run(
        self,
        run_id: str,
        *,
        result: Mapping[str, Any],
        **changes: Unpack[RunChanges],
    ) -> None:
        """Sets the given fields (status, reason, ended_at, figures) and the result document, all or
        nothing. Raises NotFound."""
        document = packed(result)
        async with self._database.writing() as connection:
            await _update(connection, run_id, changes)
            await connection.execute(
                update(documents).where(documents.c.run_id == run_id).values(result=document)
            )
            await tell(connection, RunNotice(run_id))

    @whole
    async def get_run(self, run_id: str, *, with_result: bool = True) -> RunRecord | None:
        """The run with its documents, or without its result, which may be large; None when there is none,
        or it is deleted."""
        result = documents.c.result if with_result else null().label("result")
        statement = (
            select(runs, documents.c.plan, documents.c.baseline, result)
            .join(documents, documents.c.run_id == runs.c.id)
            .where(runs.c.id == run_id, SHOWN)
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(statement)).one_or_none()
        # A long run's result takes milliseconds to unpack: not in the loop's thread.
        return None if found is None else await asyncio.to_thread(record, found)

    @whole
    async def list_runs(self, query: RunQuery) -> RunPage:
        """One page of the runs that the query asks for. Raises InvalidInput for a foreign cursor, a
        limit or a sort that there is not."""
        page = listing.page_statement(query, self._database.dialect)
        async with self._database.reading() as connection:
            found = (await connection.execute(page)).all()
            if query.cursor is None and len(found) <= query.limit:
                total = len(found)
            elif found and "total" in found[0]._mapping:
                total = found[0].total
            else:
                total = await connection.scalar(listing.count_statement(query)) or 0
        shown = found[: query.limit]
        cursor = listing.cursor_after(query, shown[-1]) if len(found) > query.limit else None
        return RunPage([summary(one) for one in shown], cursor, total)

    # -- snapshots -------------------------------------------------------------------------------------

    @whole
    async def put_snapshots(self, run_id: str, rows: Collection[tuple[int, bytes]]) -> None:
        """Writes rows at their positions, over what stood there. Raises NotFound."""
        async with self._database.writing() as connection:
            first = await self._put(connection, run_id, rows)
            if first is not None:
                await tell(connection, RunNotice(run_id, first))

    @whole
    async def replace_snapshots(self, run_id: str, rows: Collection[tuple[int, bytes]]) -> None:
        """Writes these rows in place of all of the run's. Raises NotFound."""
        async with self._database.writing() as connection:
            await connection.execute(delete(snapshots).where(snapshots.c.run_id == run_id))
            await self._put(connection, run_id, rows)
            await tell(connection, RunNotice(run_id, 0, whole=True))

    @whole
    async def snapshots(self, run_id: str) -> list[bytes]:
        """The rows in the order of their positions; none for an unknown run."""
        statement = (
            select(snapshots.c.data).where(snapshots.c.run_id == run_id).order_by(snapshots.c.position)
        )
        async with self._database.reading() as connection:
            return list((await connection.scalars(statement)).all())

    @whole
    async def snapshots_from(self, run_id: str, first: int) -> list[tuple[int, bytes]]:
        """The rows at position `first` and after it, each with its position, in their order."""
        these = (snapshots.c.run_id == run_id) & (snapshots.c.position >= first)
        statement = select(snapshots.c.position, snapshots.c.data).where(these).order_by(snapshots.c.position)
        async with self._database.reading() as connection:
            return [(row.position, row.data) for row in await connection.execute(statement)]

    async def _put(
        self, connection: AsyncConnection, run_id: str, rows: Collection[tuple[int, bytes]]
    ) -> int | None:
        """The first position that was written."""
        statement = self._insert_into(snapshots)
        upsert = statement.on_conflict_do_update(
            index_elements=[snapshots.c.run_id, snapshots.c.position],
            set_={"data": statement.excluded.data},
        )
        values = [{"run_id": run_id, "position": position, "data": data} for position, data in rows]
        for start in range(0, len(values), _CHUNK):
            await connection.execute(upsert, values[start : start + _CHUNK])
        return min((position for position, _ in rows), default=None)


async def _update(connection: AsyncConnection, run_id: str, changes: RunChanges) -> None:
    values = row(changes)
    this = runs.c.id == run_id  # also one deleted in the moment of its end: it may be restored
    if "name" in values or "tags" in values:
        columns = (runs.c.name, runs.c.target, runs.c.tags)
        found = (await connection.execute(select(*columns).where(this))).one_or_none()
        if found is None:
            raise no_run(run_id)
        values["search"] = search_text({**found._mapping, **values})
    if values:
        done = await connection.execute(update(runs).where(this).values(**values))
        if done.rowcount == 0:
            raise no_run(run_id)
    if "tags" in changes:
        await connection.execute(delete(run_tags).where(run_tags.c.run_id == run_id))
        await _set_tags(connection, run_id, changes["tags"])


async def _add(connection: AsyncConnection, new: Sequence[RunRecord]) -> None:
    fields = [{name: getattr(run, name) for name in OF_RUN} for run in new]
    listed = [{**row(each), "search": search_text(each)} for each in fields]
    documented = [
        {
            "run_id": run.id,
            "plan": dict(run.plan),
            "result": packed(run.result),
            "baseline": None if run.baseline is None else dict(run.baseline),
        }
        for run in new
    ]
    await connection.execute(insert(runs), listed)
    await connection.execute(insert(documents), documented)
    tagged = [{"tag": tag, "run_id": run.id} for run in new for tag in dict.fromkeys(run.tags)]
    if tagged:
        await connection.execute(insert(run_tags), tagged)


async def _set_tags(connection: AsyncConnection, run_id: str, tags: Sequence[str]) -> None:
    if tags:
        values = [{"tag": tag, "run_id": run_id} for tag in dict.fromkeys(tags)]
        await connection.execute(insert(run_tags), values)


async def _exists(connection: AsyncConnection, run_id: str) -> bool:
    return await connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is not None
