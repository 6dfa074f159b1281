"""The dashboard's live list: rendered once for all, at once on a change, closed with the manager."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

import anyio
import pytest

from tests.api.conftest import Service, service
from webui.runs.model import RunView
from webui.streams.dashboard import RecentFeed

__all__ = ["service"]
pytestmark = pytest.mark.anyio


def feed_of(service: Service) -> RecentFeed:
    return RecentFeed(service.manager, service.store, lambda: ())


async def test_a_viewer_gets_the_list_at_once_and_again_when_a_run_starts(service: Service) -> None:
    with anyio.fail_after(5):
        async with aclosing(feed_of(service).events()) as events:
            first = (await anext(events)).decode()
            assert "No runs yet" in first
            assert 'hx-target="#recent-list" hx-swap="innerMorph"' in first
            run_id = await service.start(name="Lamps")
            while f'id="row-{run_id}"' not in (text := (await anext(events)).decode()):
                pass
            assert "Lamps" in text


async def test_the_list_is_rendered_once_for_all(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []
    original = RecentFeed._html

    def counted(self: RecentFeed, known: Sequence[RunView]) -> str:
        rendered.append(1)
        return original(self, known)

    monkeypatch.setattr(RecentFeed, "_html", counted)
    feed = feed_of(service)
    with anyio.fail_after(5):
        async with aclosing(feed.events()) as one, aclosing(feed.events()) as other:
            assert await anext(one) == await anext(other)
    assert len(rendered) == 1


async def test_streams_end_with_the_manager_and_can_begin_again(service: Service) -> None:
    feed = feed_of(service)
    with anyio.fail_after(5):
        async with aclosing(feed.events()) as events:
            await anext(events)
            service.manager.everywhere.close()
            assert [event async for event in events] == []
        async with aclosing(feed.events()) as events:
            assert b"recent-list" in await anext(events)
