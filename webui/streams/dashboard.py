"""`/stream`: the dashboard's live list, rendered once and sent to whoever is looking at it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI, Request
from sse_starlette import EventSourceResponse

from webui.errors import StoreUnavailable
from webui.lab.manager import RunningTarget
from webui.pages.dashboard import practice_offers
from webui.pages.rows import newest, with_known
from webui.pages.templating import render
from webui.runs.broadcast import Subscription
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.security.access import is_viewer
from webui.store import RunPage, Store
from webui.streams.fanout import NOTHING_SEEN, Board, Renderer, RendererFailed, html_event
from webui.streams.run import event_stream
from webui.web import Manager, Storage

AT_MOST_EVERY_S = 0.25  # where many runs begin and end at once
EVERY_S = 1.0  # how often figures are renewed while something runs
IDLE_S = 30.0  # and while nothing does, so that "3 min ago" goes on

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.get("/stream")
async def dashboard_stream(request: Request, manager: Manager, store: Storage) -> EventSourceResponse:
    """The recent runs at once, at every change of a run's state, and once a second while one runs."""
    name = "viewers_feed" if is_viewer(request) else "recent_feed"
    return event_stream(_feed(request.app, name, manager, store).events())


@dataclass(slots=True)
class RecentFeed:
    """The recent runs as HTML, for as long as somebody watches."""

    manager: RunManager
    store: Store
    practice: Callable[[], Sequence[RunningTarget]]
    board: Board = field(default_factory=Board)
    _stored: RunPage = field(default_factory=lambda: RunPage((), None, 0))
    _renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        self._renderer = Renderer(self._render)

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The encoded events for one viewer. Ends when the list can be renewed no longer."""
        async with self._renderer.watched():
            seen = NOTHING_SEEN
            while True:
                try:
                    version = await self.board.newer_than(seen)
                except RendererFailed:
                    return
                if news := self.board.changed_since(seen):
                    yield html_event(news)
                seen = version

    async def _render(self) -> None:
        self.board.failed = False
        try:
            async with self.manager.subscribe_all() as events:
                await self._follow(events)
        except Exception:
            log.exception("The list of recent runs could not be rendered")
        self.board.fail()

    async def _follow(self, events: Subscription) -> None:
        """Publishes until the manager closes its events."""
        changed: bool | None = True
        while changed is not None:
            if changed:
                await self._read_store()
            known = self.manager.known_runs()
            self.board.publish({"recent": await asyncio.to_thread(self._html, known)})
            await asyncio.sleep(AT_MOST_EVERY_S)
            changed = await _news(events, EVERY_S if known else IDLE_S)

    async def _read_store(self) -> None:
        # While the store is not available, the list goes on with what it knows.
        with suppress(StoreUnavailable):
            self._stored = await newest(self.store)

    def _html(self, known: Sequence[RunView]) -> str:
        recent = with_known(known, self._stored.items, self._stored.total)
        return render("dashboard/live.html", recent, practice=self.practice())


async def _news(events: Subscription, wait_s: float) -> bool | None:
    """Waits for a change of some run's state, `wait_s` at most. True: there may be one; False: only
    figures moved on; None: there will be no more events."""
    try:
        async with asyncio.timeout(wait_s):
            async for event in events:
                if event.kind != "snapshot":
                    return True
            return None
    except TimeoutError:
        return wait_s == IDLE_S


def _feed(app: FastAPI, name: str, manager: RunManager, store: Store) -> RecentFeed:
    """The application's one feed of recent runs, or that of viewers, which has no secrets."""
    feed: RecentFeed | None = getattr(app.state, name, None)
    if feed is None:
        feed = RecentFeed(manager, store, lambda: practice_offers(app))
        setattr(app.state, name, feed)
    return feed


def close(app: FastAPI) -> None:
    """Ends all viewers' streams of the dashboard."""
    for name in ("recent_feed", "viewers_feed"):
        feed: RecentFeed | None = getattr(app.state, name, None)
        if feed is not None:
            feed.board.fail()
