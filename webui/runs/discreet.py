"""Runs as viewers have them, live and in lists: the same runs, without the secrets of their plans.

Lists keep what people called a run and the address that it asked, in which anything may stand. What is a
secret in it is told by the run's plan, as on a shared page.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from cryptography.fernet import Fernet, InvalidToken

from webui.errors import InvalidInput
from webui.plan.documents import plan_from_data
from webui.runs.live import LiveRun
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.redacted import redacted
from webui.security.redaction import Redactor, redact_address
from webui.store import GroupPage, RunPage, RunQuery, RunRecord, RunSummary, Store

Row = TypeVar("Row", bound=RunSummary)

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
        page = await self._store.list_runs(self._opened(query))
        shown = [row for row in await self._rows(page.items) if _found(row, query)]
        unseen = len(page.items) - len(shown)
        return RunPage(shown, self._sealed(page.next_cursor), page.total - unseen)

    async def list_plans(self, query: RunQuery) -> GroupPage:
        page = await self._store.list_plans(self._opened(query))
        groups = [replace(group, recent=await self._rows(group.recent)) for group in page.items]
        shown = [group for group in groups if any(_found(row, query) for row in group.recent)]
        unseen = len(groups) - len(shown)
        return GroupPage(shown, self._sealed(page.next_cursor), page.total - unseen)

    async def plan_runs(self, plan_key: str, limit: int) -> list[RunSummary]:
        return await self._rows(await self._store.plan_runs(plan_key, limit))

    async def baseline(self, plan_key: str) -> RunRecord | None:
        found = await self._store.baseline(plan_key)
        return None if found is None else (await self._rows([found]))[0]

    async def get_run(self, run_id: str, *, with_result: bool = True) -> RunRecord | None:
        found = await self._store.get_run(run_id, with_result=with_result)
        return None if found is None else (await self._rows([found]))[0]

    async def _rows(self, rows: Sequence[Row]) -> list[Row]:
        unknown = [row.id for row in rows if row.id not in self._redactors]
        if unknown:
            plans = await self._store.plans_of(unknown)
            if len(self._redactors) > _KEPT:
                self._redactors.clear()
            self._redactors |= await asyncio.to_thread(_redactors, plans)
        return [_hidden(row, self._redactors.get(row.id, Redactor())) for row in rows]

    def _sealed(self, cursor: str | None) -> str | None:
        return None if cursor is None else self._seal.encrypt(cursor.encode()).decode().rstrip("=")

    def _opened(self, query: RunQuery) -> RunQuery:
        if query.cursor is None:
            return query
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        try:
            return replace(query, cursor=self._seal.decrypt(padded.encode(errors="replace")).decode())
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
    """Whether what was looked for is in what is shown: else a secret could be guessed, letter by letter."""
    if query.tag and query.tag not in row.tags:
        return False
    return _holds(query.search, [row.name, row.target, *row.tags]) and _holds(query.target, [row.target])


def _holds(words: str, texts: Iterable[str]) -> bool:
    text = "\n".join(texts).casefold()
    return all(word.casefold() in text for word in words.split())
