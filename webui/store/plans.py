"""Queries for plans: their baselines, their runs in order of time, and lists of runs grouped by plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, tuple_, union_all
from sqlalchemy import literal as bound
from sqlalchemy.ext.asyncio import AsyncConnection

from webui.store import listing, rows
from webui.store.base import StorePart, no_run, whole
from webui.store.records import GroupPage, PlanGroup, RunQuery, RunRecord, RunSummary
from webui.store.tables import SHOWN, Moment, baselines, documents, runs

RECENT = 20  # runs in the lines of a group
_FIGURES = (
    *("id", "plan_key", "name", "status", "target", "load", "created_at", "started_at", "ended_at"),
    *("throughput_rps", "success_percent", "p50_ms", "p95_ms", "p99_ms"),
)


class Plans(StorePart):
    """Runs of the same plan, which are those with the same `plan_key`."""

    @whole
    async def set_baseline(self, run_id: str) -> None:
        """Makes the run its plan's baseline, in place of any other. Raises NotFound, also for a run whose
        plan has no key yet."""
        this = select(runs.c.plan_key).where(runs.c.id == run_id, SHOWN)
        async with self._database.writing() as connection:
            plan_key = await connection.scalar(this)
            if plan_key is None:
                raise no_run(run_id)
            statement = self._insert_into(baselines).values(plan_key=plan_key, run_id=run_id)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[baselines.c.plan_key], set_={"run_id": statement.excluded.run_id}
                )
            )

    @whole
    async def clear_baseline(self, run_id: str) -> None:
        """The run is a baseline no longer; without an effect when it was none."""
        async with self._database.writing() as connection:
            await connection.execute(delete(baselines).where(baselines.c.run_id == run_id))

    @whole
    async def baseline(self, plan_key: str) -> RunRecord | None:
        """The plan's baseline with its result; None when it has none, or when that run is deleted."""
        statement = (
            select(runs, documents.c.plan, documents.c.baseline, documents.c.result)
            .join(documents, documents.c.run_id == runs.c.id)
            .join(baselines, baselines.c.run_id == runs.c.id)
            .where(baselines.c.plan_key == plan_key, SHOWN)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else rows.record(row)

    @whole
    async def baseline_id(self, plan_key: str) -> str | None:
        """The id of the plan's baseline; None when it has none, or when that run is deleted."""
        statement = (
            select(baselines.c.run_id)
            .join(runs, runs.c.id == baselines.c.run_id)
            .where(baselines.c.plan_key == plan_key, SHOWN)
        )
        async with self._database.reading() as connection:
            return await connection.scalar(statement)

    @whole
    async def plan_runs(self, plan_key: str, limit: int) -> list[RunSummary]:
        """The newest runs of the plan that measured something, in order of time, with their figures only."""
        async with self._database.reading() as connection:
            columns = [runs.c[name] for name in _FIGURES]
            order = (runs.c.created_at.desc(), runs.c.id.desc())
            these = (runs.c.plan_key == plan_key, SHOWN, runs.c.throughput_rps.is_not(None))
            found = await connection.execute(select(*columns).where(*these).order_by(*order).limit(limit))
            return [RunSummary(**row._mapping) for row in reversed(found.all())]

    @whole
    async def plans_of(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The plans of these runs, as documents."""
        statement = select(documents.c.run_id, documents.c.plan).where(documents.c.run_id.in_(ids))
        async with self._database.reading() as connection:
            return {row.run_id: row.plan for row in await connection.execute(statement)}

    @whole
    async def list_plans(self, query: RunQuery) -> GroupPage:
        """One page of the plans whose runs the query lets through, those that ran last first; `sort` and
        `descending` of the query do not matter. Raises InvalidInput for a foreign cursor or limit."""
        query = replace(query, sort="created")
        listing.check(query)
        async with self._database.reading() as connection:
            found = (await connection.execute(_groups(query))).all()
            total = found[0].total if found else await connection.scalar(_count(query))
            shown = found[: query.limit]
            recent = await _recent(connection, [row.plan_key for row in shown])
        cursor = None
        if len(found) > query.limit:
            cursor = listing.written_cursor(["plans", shown[-1].last, shown[-1].plan_key])
        items = [PlanGroup(row.plan_key, row.number, *recent[row.plan_key]) for row in shown]
        return GroupPage(items, cursor, total or 0)


def _groups(query: RunQuery) -> Select[Any]:
    """One plan more than the page holds, each with the number of all plans."""
    figures = select(
        runs.c.plan_key,
        func.max(runs.c.created_at, type_=Moment).label("last"),
        func.count().label("number"),
        func.count().over().label("total"),
    )
    these = listing.fitting(figures, query).where(runs.c.plan_key.is_not(None))
    groups = these.group_by(runs.c.plan_key).subquery()
    order = (groups.c.last.desc(), groups.c.plan_key.desc())
    statement = select(groups).order_by(*order).limit(query.limit + 1)
    if query.cursor is None:
        return statement
    moment, plan_key = _place(query.cursor)
    place = tuple_(bound(moment, Moment()), bound(plan_key))
    return statement.where(tuple_(groups.c.last, groups.c.plan_key) < place)


def _count(query: RunQuery) -> Select[Any]:
    return listing.fitting(select(func.count(runs.c.plan_key.distinct())), query)


def _place(cursor: str) -> tuple[datetime, str]:
    kind, moment, plan_key = listing.read_cursor(cursor, 3)
    try:
        if kind != "plans" or not isinstance(plan_key, str):
            raise ValueError
        return listing.read_moment(moment), plan_key
    except (ValueError, TypeError) as error:
        raise listing.foreign_cursor() from error


async def _recent(
    connection: AsyncConnection, plan_keys: Sequence[str]
) -> dict[str, tuple[list[RunSummary], str | None]]:
    """The newest runs of each plan, in order of time and without what a line of figures does not need, and
    the id of its baseline."""
    if not plan_keys:
        return {}
    columns = [runs.c[name] for name in _FIGURES]
    each = [
        select(*columns)
        .where(runs.c.plan_key == plan_key, SHOWN)
        .order_by(runs.c.created_at.desc(), runs.c.id.desc())
        .limit(RECENT)
        .subquery()
        for plan_key in plan_keys
    ]
    found = await connection.execute(union_all(*(select(part) for part in each)))
    recent: dict[str, list[RunSummary]] = {plan_key: [] for plan_key in plan_keys}
    for row in found:
        recent[row.plan_key].append(RunSummary(**row._mapping))
    chosen = await connection.execute(select(baselines).where(baselines.c.plan_key.in_(plan_keys)))
    ids = {row.plan_key: row.run_id for row in chosen}
    return {key: (found[::-1], ids.get(key)) for key, found in recent.items()}
