"""Runs as viewers have them, live and in lists: the same runs, without the secrets of their plans.

Lists keep what people called a run and the address that it asked, in which anything may stand. What is a
secret in it is told by the run's plan, as on a shared page.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any, TypeVar, cast

from cryptography.fernet import Fernet, InvalidToken

from webui.errors import InvalidInput
from webui.plan.documents import plan_from_data
from webui.runs.live import LiveRun
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.passing import Page, Place, Read, page_from
from webui.runs.redacted import redacted
from webui.security.redaction import Redactor, redact_address
from webui.store import MAX_PAGE, GroupPage, PlanGroup, RunPage, RunQuery, RunRecord, RunSummary, Store

Row = TypeVar("Row", bound=RunSummary)
Item = TypeVar("Item", RunSummary, PlanGroup)

_KEPT = 5000  # runs whose secrets are remembered: plans never change


def discreet(manager: RunManager) -> RunManager:
    """The manager whose views are redacted. It is for reading: what changes runs, viewers cannot reach."""
    return cast(RunManager, _DiscreetManager(manager))


def discreet_store(store: Store) -> Store:
    """The store whose lists are redacted. It is for reading, and one for all viewers, as it remembers."""
    return cast(Store, _DiscreetStore(store))


class _DiscreetManager:
    def __init__(self, manager: RunManager) -> None:
        self._manager = manager

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def view(self, run_id: str) -> RunView:
        return redacted(await self._manager.view(run_id))

    def get_live(self, run_id: str) -> Any:
        live = self._manager.get_live(run_id)
        return None if live is None else _DiscreetRun(cast(LiveRun, live))

    def live_runs(self) -> list[RunView]:
        return [redacted(view) for view in self._manager.live_runs()]

    def known_runs(self) -> list[RunView]:
        return [redacted(view) for view in self._manager.known_runs()]


class _DiscreetRun:
    def __init__(self, live: LiveRun) -> None:
        self._live = live

    def __getattr__(self, name: str) -> Any:
        return getattr(self._live, name)

    def view(self) -> RunView:
        return redacted(self._live.view())


class _DiscreetStore:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._redactors: dict[str, Redactor] = {}
        # A cursor names the row that it follows, by the name that nobody hid. Another start has another key.
        self._seal = Fernet(Fernet.generate_key())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def list_runs(self, query: RunQuery) -> RunPage:
        async def read(part: RunQuery) -> Read[RunSummary]:
            page = await self._store.list_runs(part)
            rows = [row if _found(row, query) else None for row in await self._rows(page.items)]
            return Read(rows, page.next_cursor, page.total)

        found = await self._listed(query, read, MAX_PAGE)
        return RunPage(found.items, self._sealed(found.following), found.total)

    async def list_plans(self, query: RunQuery) -> GroupPage:
        async def read(part: RunQuery) -> Read[PlanGroup]:
            page = await self._store.list_plans(part)
            groups = [replace(group, recent=await self._rows(group.recent)) for group in page.items]
            shown = [group if any(_found(row, query) for row in group.recent) else None for group in groups]
            return Read(shown, page.next_cursor, page.total)

        found = await self._listed(query, read, min(query.limit + 1, MAX_PAGE))
        return GroupPage(found.items, self._sealed(found.following), found.total)

    async def _listed(
        self, query: RunQuery, read: Callable[[RunQuery], Awaitable[Read[Item]]], at_once: int
    ) -> Page[Item]:
        """What was looked for has to be in what is shown, else secrets could be guessed, letter by letter."""
        place = self._opened(query.cursor)
        if query.search.split() or query.target.strip() or query.tag:
            return await page_from(place, query, read, at_once)
        found = await read(replace(query, cursor=place.cursor))
        following = None if found.next_cursor is None else Place(found.next_cursor)
        return Page([item for item in found.items if item is not None], following, found.total)

    async def plan_runs(self, plan_key: str, limit: int) -> list[RunSummary]:
        return await self._rows(await self._store.plan_runs(plan_key, limit))

    async def baseline(self, plan_key: str) -> RunRecord | None:
        found = await self._store.baseline(plan_key)
        return None if found is None else (await self._rows([found]))[0]

    async def get_run(self, run_id: str, *, with_result: bool = True) -> RunRecord | None:
        found = await self._store.get_run(run_id, with_result=with_result)
        return None if found is None else (await self._rows([found]))[0]

    async def _rows(self, rows: Sequence[Row]) -> list[Row]:
        known = {row.id: self._redactors[row.id] for row in rows if row.id in self._redactors}
        if len(known) < len(rows):
            plans = await self._store.plans_of([row.id for row in rows if row.id not in known])
            found = await asyncio.to_thread(_redactors, plans)
            if len(self._redactors) > _KEPT:
                self._redactors.clear()
            self._redactors |= found
            known |= found
        return [_hidden(row, known.get(row.id, Redactor())) for row in rows]

    def _sealed(self, place: Place | None) -> str | None:
        if place is None:
            return None
        return self._seal.encrypt(json.dumps(astuple(place)).encode()).decode().rstrip("=")

    def _opened(self, cursor: str | None) -> Place:
        if cursor is None:
            return Place()
        padded = cursor + "=" * (-len(cursor) % 4)
        try:
            return Place(*json.loads(self._seal.decrypt(padded.encode(errors="replace"))))
        except InvalidToken as error:
            raise InvalidInput.at("cursor", "is not a cursor of this list, or too old") from error


def _redactors(plans: Mapping[str, Mapping[str, Any]]) -> dict[str, Redactor]:
    return {run_id: _redactor(plan) for run_id, plan in plans.items()}


def _redactor(plan: Mapping[str, Any]) -> Redactor:
    try:
        return Redactor.of(plan_from_data(plan))
    except InvalidInput:  # of another version: what is known by its form alone is hidden
        return Redactor()


def _hidden(row: Row, redactor: Redactor) -> Row:
    return replace(
        row,
        name=redactor.text(row.name),
        target=redact_address(redactor.known(row.target), redactor.is_secret),
        status_reason=redactor.text(row.status_reason),
        tags=[redactor.text(tag) for tag in row.tags],
    )


def _found(row: RunSummary, query: RunQuery) -> bool:
    """Whether what was looked for is in what is shown."""
    if query.tag and query.tag not in row.tags:
        return False
    return _holds(query.search, [row.name, row.target, *row.tags]) and _holds(query.target, [row.target])


def _holds(words: str, texts: Iterable[str]) -> bool:
    text = "\n".join(texts).casefold()
    return all(word.casefold() in text for word in words.split())
