"""The store: runs, their snapshots and their share links. Every query stands in this package.

All methods raise StoreUnavailable when the database cannot be used. Each of them is all or nothing, also
when its caller is cancelled meanwhile: then it goes on to its end unseen.
"""

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from sqlalchemy import Row, delete, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from webui.errors import NotFound
from webui.store import listing
from webui.store.database import Database
from webui.store.records import LIVE, RunChanges, RunPage, RunQuery, RunRecord, RunSummary, ShareRecord
from webui.store.tables import documents, run_tags, runs, shares, snapshots

TARGET_LENGTH = 500  # of a target in lists; the plan has it in full

_P = ParamSpec("_P")
_T = TypeVar("_T")
_SUMMARY = tuple(RunSummary.__dataclass_fields__)
_CHUNK = 100  # rows in one statement


def _whole(
    method: Callable[Concatenate["Store", _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate["Store", _P], Coroutine[Any, Any, _T]]:
    """Lets the method run to its end whatever becomes of its caller: a statement that is cancelled while
    the driver's thread works on it can leave its connection behind, with the database locked."""

    @wraps(method)
    async def run(self: "Store", /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await self._database.whole(method(self, *args, **kwargs))

    return run


class Store:
    """The repository. One for a process; safe to use from many tasks at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, database_url: str) -> Self:
        """Opens the database, creates it where there is none, brings its schema up to date.

        Raises InvalidInput for an address that is none, StoreUnavailable.
        """
        return cls(await Database.open(database_url))

    async def close(self) -> None:
        """Closes the database."""
        await self._database.close()

    @_whole
    async def check(self) -> None:
        """Returns when the database answers."""
        async with self._database.reading() as connection:
            await connection.execute(select(runs.c.id).limit(1))

    # -- runs ------------------------------------------------------------------------------------------

    @_whole
    async def add_run(self, record: RunRecord) -> None:
        """Adds a run. Raises ValueError when there is one of that id."""
        row = {name: getattr(record, name) for name in (*_SUMMARY, "note", "shards", "load_s")}
        async with self._database.writing() as connection:
            if await _exists(connection, record.id):
                raise ValueError(f"there is a run {record.id} already")
            await connection.execute(insert(runs).values(**_row(row), search=_search_text(row)))
            await connection.execute(
                insert(documents).values(
                    run_id=record.id, plan=dict(record.plan), result=_pack(record.result)
                )
            )
            await _set_tags(connection, record.id, record.tags)

    @_whole
    async def update_run(self, run_id: str, **changes: Unpack[RunChanges]) -> None:
        """Sets the given fields. Raises NotFound."""
        async with self._database.writing() as connection:
            await _update(connection, run_id, changes)

    @_whole
    async def finish_run(
        self,
        run_id: str,
        *,
        result: Mapping[str, Any],
        **changes: Unpack[RunChanges],
    ) -> None:
        """Sets the given fields (status, reason, ended_at, figures) and the result document, all or
        nothing. Raises NotFound."""
        packed = _pack(result)
        async with self._database.writing() as connection:
            await _update(connection, run_id, changes)
            await connection.execute(
                update(documents).where(documents.c.run_id == run_id).values(result=packed)
            )

    @_whole
    async def get_run(self, run_id: str, *, with_result: bool = True) -> RunRecord | None:
        """The run with its documents, or without its result, which may be large; None when there is none."""
        result = documents.c.result if with_result else null().label("result")
        statement = (
            select(runs, documents.c.plan, result)
            .join(documents, documents.c.run_id == runs.c.id)
            .where(runs.c.id == run_id)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        # A long run's result takes milliseconds to unpack: not in the loop's thread.
        return None if row is None else await asyncio.to_thread(_record, row)

    @_whole
    async def list_runs(self, query: RunQuery) -> RunPage:
        """One page of the runs that the query asks for. Raises InvalidInput for a foreign cursor, a
        limit or a sort that there is not."""
        page = listing.page_statement(query)
        async with self._database.reading() as connection:
            rows = (await connection.execute(page)).all()
            total = await connection.scalar(listing.count_statement(query))
        shown = rows[: query.limit]
        more = len(rows) > query.limit
        cursor = listing.cursor_after(query, shown[-1][len(runs.c) :]) if more else None
        return RunPage([_summary(row) for row in shown], cursor, total or 0)

    @_whole
    async def delete_run(self, run_id: str) -> None:
        """Deletes the run with its snapshots and shares. Raises NotFound."""
        async with self._database.writing() as connection:
            done = await connection.execute(delete(runs).where(runs.c.id == run_id))
            if done.rowcount == 0:
                raise _no_run(run_id)

    # -- who runs what: one process owns each live run -------------------------------------------------

    @_whole
    async def live_runs(self) -> list[RunSummary]:
        """The runs that have not ended, whoever owns them, oldest first."""
        statement = select(runs).where(runs.c.status.in_(LIVE)).order_by(runs.c.created_at, runs.c.id)
        async with self._database.reading() as connection:
            return [_summary(row) for row in await connection.execute(statement)]

    @_whole
    async def beat(self, owner: str, now: datetime) -> None:
        """Says that the owner of its live runs is alive."""
        mine = (runs.c.owner == owner) & runs.c.status.in_(LIVE)
        async with self._database.writing() as connection:
            await connection.execute(update(runs).where(mine).values(heartbeat_at=now))

    @_whole
    async def claim(self, run_id: str, *, owner: str, new_owner: str) -> bool:
        """Takes a live run over from an owner found dead; False when another process was first."""
        theirs = (runs.c.id == run_id) & (runs.c.owner == owner) & runs.c.status.in_(LIVE)
        values = {"owner": new_owner, "heartbeat_at": datetime.now(UTC)}
        async with self._database.writing() as connection:
            return (await connection.execute(update(runs).where(theirs).values(**values))).rowcount == 1

    # -- snapshots -------------------------------------------------------------------------------------

    @_whole
    async def put_snapshots(self, run_id: str, rows: Iterable[tuple[int, bytes]]) -> None:
        """Writes rows at their positions, over what stood there. Raises NotFound."""
        async with self._database.writing() as connection:
            await self._put(connection, run_id, rows)

    @_whole
    async def replace_snapshots(self, run_id: str, rows: Iterable[tuple[int, bytes]]) -> None:
        """Writes these rows in place of all of the run's. Raises NotFound."""
        async with self._database.writing() as connection:
            await connection.execute(delete(snapshots).where(snapshots.c.run_id == run_id))
            await self._put(connection, run_id, rows)

    @_whole
    async def snapshots(self, run_id: str) -> list[bytes]:
        """The rows in the order of their positions; none for an unknown run."""
        statement = (
            select(snapshots.c.data).where(snapshots.c.run_id == run_id).order_by(snapshots.c.position)
        )
        async with self._database.reading() as connection:
            return list((await connection.scalars(statement)).all())

    async def _put(self, connection: AsyncConnection, run_id: str, rows: Iterable[tuple[int, bytes]]) -> None:
        # ON CONFLICT is written alike in both, but SQLAlchemy has one construct for each.
        into = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
        statement = into(snapshots)
        upsert = statement.on_conflict_do_update(
            index_elements=[snapshots.c.run_id, snapshots.c.position],
            set_={"data": statement.excluded.data},
        )
        values = [{"run_id": run_id, "position": position, "data": data} for position, data in rows]
        for start in range(0, len(values), _CHUNK):
            await connection.execute(upsert, values[start : start + _CHUNK])

    # -- share links -----------------------------------------------------------------------------------

    @_whole
    async def add_share(self, run_id: str) -> ShareRecord:
        """A new link to the run. Raises NotFound."""
        share = ShareRecord(secrets.token_urlsafe(24), run_id, datetime.now(UTC))
        async with self._database.writing() as connection:
            await connection.execute(
                insert(shares).values(token=share.token, run_id=run_id, created_at=share.created_at)
            )
        return share

    @_whole
    async def shares(self, run_id: str) -> list[ShareRecord]:
        """The run's links, revoked ones included, oldest first."""
        statement = (
            select(shares).where(shares.c.run_id == run_id).order_by(shares.c.created_at, shares.c.token)
        )
        async with self._database.reading() as connection:
            return [_share(row) for row in await connection.execute(statement)]

    @_whole
    async def share(self, token: str) -> ShareRecord | None:
        """The link of that token, revoked or not; None when there is none."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(shares).where(shares.c.token == token))
            row = found.one_or_none()
        return None if row is None else _share(row)

    @_whole
    async def revoke_share(self, run_id: str, token: str) -> None:
        """Closes a link; closing it again changes nothing. Raises NotFound."""
        this = (shares.c.run_id == run_id) & (shares.c.token == token)
        async with self._database.writing() as connection:
            if await connection.scalar(select(shares.c.token).where(this)) is None:
                raise NotFound("There is no such share link.")
            await connection.execute(
                update(shares).where(this, shares.c.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC))
            )


async def _update(connection: AsyncConnection, run_id: str, changes: RunChanges) -> None:
    values = _row(changes)
    if "name" in values or "tags" in values:
        columns = (runs.c.name, runs.c.target, runs.c.tags)
        found = (await connection.execute(select(*columns).where(runs.c.id == run_id))).one_or_none()
        if found is None:
            raise _no_run(run_id)
        values["search"] = _search_text({**found._mapping, **values})
    if values:
        done = await connection.execute(update(runs).where(runs.c.id == run_id).values(**values))
        if done.rowcount == 0:
            raise _no_run(run_id)
    if "tags" in changes:
        await connection.execute(delete(run_tags).where(run_tags.c.run_id == run_id))
        await _set_tags(connection, run_id, changes["tags"])


async def _set_tags(connection: AsyncConnection, run_id: str, tags: Sequence[str]) -> None:
    if tags:
        values = [{"tag": tag, "run_id": run_id} for tag in dict.fromkeys(tags)]
        await connection.execute(insert(run_tags), values)


async def _exists(connection: AsyncConnection, run_id: str) -> bool:
    return await connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is not None


def _no_run(run_id: str) -> NotFound:
    return NotFound(f"There is no run {run_id}; it may have been deleted.")


def _row(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Column values of a record's fields."""
    row = dict(fields)
    if "target" in row:
        row["target"] = row["target"][:TARGET_LENGTH]
    for name in ("tags", "spark"):
        if name in row:
            row[name] = list(row[name])
    return row


def _search_text(row: Mapping[str, Any]) -> str:
    return listing.folded(row["name"], row["target"][:TARGET_LENGTH], *row["tags"])


def _summary(row: Row[Any]) -> RunSummary:
    return RunSummary(**_fields(row, _SUMMARY))


def _record(row: Row[Any]) -> RunRecord:
    values = _fields(row, (*_SUMMARY, "note", "shards", "load_s", "plan"))
    return RunRecord(**values, result=_unpack(row.result))


def _fields(row: Row[Any], names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return values | {"tags": tuple(values["tags"]), "spark": tuple(values["spark"])}


def _share(row: Row[Any]) -> ShareRecord:
    return ShareRecord(row.token, row.run_id, row.created_at, row.revoked_at)


def _pack(result: Mapping[str, Any] | None) -> bytes | None:
    if result is None:
        return None
    text = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def _unpack(data: bytes | None) -> dict[str, Any] | None:
    if data is None:
        return None
    result: dict[str, Any] = json.loads(zlib.decompress(data))
    return result
