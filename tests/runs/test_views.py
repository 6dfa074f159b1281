"""Views of links are all counted, with few writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from webui.errors import StoreUnavailable
from webui.runs.views import ViewCounts

pytestmark = pytest.mark.anyio


class Written:
    """A store that notes what it is told to count."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.fails = False

    async def note_view(self, token: str, now: datetime, count: int = 1) -> None:
        if self.fails:
            raise StoreUnavailable("locked")
        self.calls.append((token, count))


async def test_a_burst_is_two_writes_and_every_view_counts() -> None:
    time, store = [0.0], Written()
    counts, given = ViewCounts(lambda: time[0]), store
    stored: Any = given
    for _ in range(50):
        await counts.seen("a", stored)
    assert store.calls == [("a", 1)]
    time[0] = 2.0
    await counts.seen("a", stored)
    await counts.seen("b", stored)
    assert store.calls == [("a", 1), ("a", 50), ("b", 1)]


async def test_whoever_looks_sees_all_of_them() -> None:
    store = Written()
    counts = ViewCounts(lambda: 0.0)
    stored: Any = store
    for _ in range(3):
        await counts.seen("a", stored)
    await counts.written("a", stored)
    await counts.written("a", stored)
    assert store.calls == [("a", 1), ("a", 2)]


async def test_a_locked_database_costs_the_count_alone() -> None:
    store = Written()
    store.fails = True
    stored: Any = store
    await ViewCounts().seen("a", stored)
    assert store.calls == []
