"""The run page's stream: late viewers, slow ones, lost connections, the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from tests.api.conftest import Service
from webui.metrics.series import LIMIT
from webui.streams import share
from webui.streams.run_feed import RunFeeds

pytestmark = pytest.mark.anyio


class Viewer:
    """A page that hears the stream, with its rows as its script would keep them."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        self.events = events
        self.rows: dict[float, list[Any]] = {}
        self.html: list[str] = []
        self.position: str | None = None
        self.resent = 0  # rows of the newest event
        self.end: str | None = None

    def take(self, event: bytes) -> str:
        """One event; returns its name."""
        fields: dict[str, str] = {}
        for line in event.decode().splitlines():
            name, _, value = line.partition(": ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        kind = fields.get("event", "html")
        self.position = fields.get("id", self.position)
        if kind == "rows":
            data = json.loads(fields["data"])
            self.rows = {} if data["whole"] else self.rows
            self.rows.update({row[0]: row for row in data["rows"]})
            self.resent = len(data["rows"])
        elif kind == "html":
            self.html.append(fields["data"])
        elif kind == "end":
            self.end = fields["data"]
        return kind

    async def until(self, kind: str) -> None:
        """Hears events up to the next of that name."""
        async with asyncio.timeout(10):
            async for event in self.events:
                if self.take(event) == kind:
                    return
        raise AssertionError(f"the stream ended before {kind!r}")

    async def to_end(self) -> None:
        async with asyncio.timeout(10):
            async for event in self.events:
                self.take(event)

    @property
    def seconds(self) -> list[float]:
        return sorted(self.rows)


def feeds_of(service: Service) -> RunFeeds:
    feeds: RunFeeds = service.app.state.run_feeds
    return feeds


@asynccontextmanager
async def watching(
    service: Service, run_id: str, position: str | None = None, *, shared: bool = False
) -> AsyncIterator[Viewer]:
    async with aclosing(feeds_of(service).watch(service.manager, run_id, position, shared=shared)) as events:
        yield Viewer(events)


async def test_whoever_comes_late_sees_the_whole_run(service: Service) -> None:
    launch = await service.started()
    for _ in range(30):
        launch.second_passes()
    async with watching(service, launch.run_id) as viewer:
        await viewer.until("html")
        assert viewer.seconds == [float(second) for second in range(30)]
        assert 'hx-target="#tiles"' in viewer.html[-1]
        assert 'hx-target="#controls"' in viewer.html[-1]


async def test_each_interval_adds_one_row_and_sends_what_changed_only(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id) as viewer:
        await viewer.until("html")
        launch.second_passes()
        await viewer.until("html")
        assert viewer.resent == 1
        assert viewer.seconds == [0.0, 1.0]
        assert 'hx-target="#tiles"' in viewer.html[-1]
        assert 'hx-target="#controls"' not in viewer.html[-1]


async def test_a_viewer_that_was_away_loses_and_doubles_nothing(service: Service) -> None:
    launch = await service.started()
    for _ in range(60):
        launch.second_passes()
    async with watching(service, launch.run_id) as before:
        await before.until("html")
    for _ in range(20):
        launch.second_passes()
    async with watching(service, launch.run_id, before.position) as after:
        after.rows = before.rows
        await after.until("html")
        assert after.seconds == [float(second) for second in range(80)]
        assert after.resent < 80


async def test_coming_back_after_a_compaction_gives_the_series_anew(service: Service) -> None:
    launch = await service.started()
    for _ in range(LIMIT):
        launch.second_passes(1)
    async with watching(service, launch.run_id) as before:
        await before.until("html")
        assert len(before.rows) == LIMIT
    launch.second_passes(1)
    async with watching(service, launch.run_id, before.position) as after:
        after.rows = before.rows
        await after.until("html")
        assert after.seconds == [float(second) for second in range(0, LIMIT + 1, 2)]


async def test_a_compaction_reaches_a_viewer_that_stays(service: Service) -> None:
    launch = await service.started()
    for _ in range(LIMIT):
        launch.second_passes(1)
    async with watching(service, launch.run_id) as viewer:
        await viewer.until("html")
        launch.second_passes(1)
        await viewer.until("html")
        assert len(viewer.rows) == LIMIT // 2 + 1


async def test_a_slow_viewer_misses_frames_but_no_row_and_not_the_newest(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id) as slow, watching(service, launch.run_id) as quick:
        await slow.until("html")
        await quick.until("html")
        for _ in range(40):
            launch.second_passes()
            await quick.until("html")
        frames = len(slow.html)
        await slow.until("html")
        assert slow.seconds == [float(second) for second in range(41)]
        assert len(slow.html) == frames + 1
        assert "410 in all" not in slow.html[-1]  # still live
        assert "0:41" in slow.html[-1] or "10.0 over the whole test" in slow.html[-1]


async def test_the_end_is_told_and_the_stream_ends(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id) as viewer:
        await viewer.until("html")
        launch.second_passes()
        launch.finish()
        await viewer.to_end()
        assert viewer.end == "finished"
        assert viewer.seconds == [0.0, 1.0]
        assert "<title>Passed: Items · Katydid</title>" in viewer.html[-1]
        assert "Run again" in viewer.html[-1]
    assert len(feeds_of(service)) == 0


async def test_coming_back_after_the_end_gets_the_rest_and_the_end(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id) as before:
        await before.until("html")
    run_id = await service.ended(launch, 2)
    async with watching(service, run_id, before.position) as after:
        after.rows = before.rows
        await after.to_end()
        assert after.seconds == [0.0, 1.0, 2.0]
        assert after.end == "finished"


async def test_viewers_share_one_feed_which_goes_with_the_last(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id) as one:
        await one.until("html")
        async with watching(service, launch.run_id) as two, watching(service, launch.run_id) as three:
            await two.until("html")
            await three.until("html")
            assert len(feeds_of(service)) == 1
        assert len(feeds_of(service)) == 1
    assert len(feeds_of(service)) == 0


async def test_the_shared_stream_has_no_controls(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id, shared=True) as viewer:
        await viewer.until("html")
        assert 'hx-target="#tiles"' in viewer.html[-1]
        assert "/stop" not in viewer.html[-1]
        assert "<form" not in viewer.html[-1]


async def test_a_revoked_link_ends_its_stream(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "CHECK_S", 0.0)
    launch = await service.started()
    launch.second_passes()
    link = await service.store.add_share(launch.run_id)
    events = feeds_of(service).watch(service.manager, launch.run_id, None, shared=True)
    async with aclosing(share.while_open(events, service.store, link.token)) as open_events:
        viewer = Viewer(open_events)
        await viewer.until("html")
        await service.store.revoke_share(launch.run_id, link.token)
        launch.second_passes()
        await viewer.to_end()
        assert viewer.end == "revoked"
        assert "does not open any more" in viewer.html[-1]
        assert viewer.seconds == [0.0]


async def test_closing_ends_all_streams_at_once(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    async with watching(service, launch.run_id) as viewer:
        await viewer.until("html")
        feeds_of(service).close()
        await viewer.to_end()
        assert viewer.end is None
    async with watching(service, launch.run_id) as late:
        await late.to_end()
        assert late.rows == {}


async def test_an_unknown_run_has_no_stream(service: Service) -> None:
    assert (await service.client.get("/runs/r_unknown000/stream")).status_code == 404
