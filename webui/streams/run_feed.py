"""One run's live page, rendered once for each of its events and sent to whoever is watching."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from webui.analysis.chart_rows import Row, RowCache
from webui.errors import NotFound
from webui.pages.chart_data import chart_update, position_of, rows_after, to_json
from webui.pages.run_context import run_page
from webui.pages.templating import render
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.shared import as_shared
from webui.streams.fanout import NOTHING_SEEN, Board, Renderer, RendererFailed, html_event, named_event

log = logging.getLogger(__name__)

STORED_EVERY_S = 2.0  # how often a run of another process, such as the command line's, is read from the store

# Each is a template, rendered on its own; a viewer is sent those that changed.
PARTS = (
    "state", "adjust", "progress", "warning", "tiles", "health", "steps", "diagnosis", "endpoints", "errors",
    "rules", "changes",
)  # fmt: skip


@dataclass(slots=True)
class RunFeed:
    """The live page of one run for its owner, or, `shared`, without controls and secrets."""

    run_id: str
    manager: RunManager
    shared: bool
    hide_target: bool = False  # of a shared run
    board: Board = field(default_factory=Board)
    rows: RowCache = field(default_factory=RowCache)
    _row_versions: list[int] = field(default_factory=list)  # when each row last changed
    _whole_version: int = 0  # when the whole series last changed
    _view: RunView | None = None
    _frames: dict[int, list[bytes]] = field(default_factory=dict)  # by the version that the viewer has seen
    _renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        self._renderer = Renderer(self._render)

    @property
    def viewers(self) -> int:
        """How many are watching."""
        return self._renderer.viewers

    async def events(self, position: str | None) -> AsyncGenerator[bytes, None]:
        """The encoded events for one viewer, who has the rows up to `position`, until the run has ended."""
        async with self._renderer.watched():
            seen = NOTHING_SEEN
            while not (self.board.ended and seen == self.board.version):
                try:
                    version = await self.board.newer_than(seen)
                except RendererFailed:
                    return
                for event in self._first_frame(position) if seen == NOTHING_SEEN else self._frame(seen):
                    yield event
                seen = version
            yield named_event("end", "finished")

    async def _render(self) -> None:
        try:
            await self._follow()
        except NotFound:  # deleted meanwhile: whoever comes back is told so
            self.board.fail()
        except Exception:
            log.exception("The live page of run %s could not be rendered", self.run_id)
            self.board.fail()

    async def _follow(self) -> None:
        live = self.manager.get_live(self.run_id)
        if live is not None:
            async with live.channel.subscribe() as events:
                if await self._show(await self.manager.view(self.run_id)):
                    return
                async for event in events:
                    if await self._show(event.view):
                        return
        while not await self._show(await self.manager.view(self.run_id)):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(STORED_EVERY_S)

    async def _show(self, view: RunView) -> bool:
        """Publishes the run as it stands; True when it has ended."""
        if self._view is not None and view.live and 0 < view.seq <= self._view.seq:
            return False  # the channel begins with an event that the first look has already shown
        # Histograms are merged and a whole series may be new: not in the loop's thread.
        (rows, first), parts = await asyncio.to_thread(self._made_of, view)
        version = self.board.version + 1
        self._row_versions = self._row_versions[:first] + [version] * (len(rows.rows) - first)
        if rows.generation != self.rows.generation or first == 0:
            self._whole_version = version
        self.rows, self._view = rows, view
        self._frames.clear()
        self.board.publish(parts, ended=not view.live)
        return not view.live

    def _made_of(self, view: RunView) -> tuple[tuple[RowCache, int], dict[str, str]]:
        shown = as_shared(view, hide_target=self.hide_target) if self.shared else view
        page = run_page(shown, view.audit, base="", shared=self.shared)
        parts = {name: render(f"run/stream/{name}.html", page) for name in PARTS}
        return self.rows.taking(view.snapshots), parts

    def _frame(self, seen: int) -> list[bytes]:
        """What a viewer lacks who has seen version `seen`: made once, as most have seen the same."""
        if seen not in self._frames:
            whole = self._whole_version > seen
            changed = [
                row for row, version in zip(self.rows.rows, self._row_versions, strict=True) if version > seen
            ]
            self._frames[seen] = self._encoded(self.rows.rows if whole else changed, whole, seen)
        return self._frames[seen]

    def _first_frame(self, position: str | None) -> list[bytes]:
        rows, whole = rows_after(position, self.rows.generation, self.rows.rows)
        return self._encoded(rows, whole, NOTHING_SEEN)

    def _encoded(self, rows: Sequence[Row], whole: bool, seen: int) -> list[bytes]:
        assert self._view is not None
        data = to_json(chart_update(self._view, rows, whole=whole))
        events = [named_event("rows", data, id=position_of(self.rows.generation, self.rows.rows))]
        html = self.board.changed_since(seen)
        return [*events, html_event(html)] if html else events


class RunFeeds:
    """The feeds of all runs that somebody is watching."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[str, bool, bool], RunFeed] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._feeds)

    async def watch(
        self,
        manager: RunManager,
        run_id: str,
        position: str | None,
        *,
        shared: bool,
        hide_target: bool = False,
    ) -> AsyncGenerator[bytes, None]:
        """One viewer's events; viewers of the same page share one feed, which ends with the last of them."""
        if self._closed:
            return
        key = (run_id, shared, hide_target)
        feed = self._feeds.get(key)
        if feed is None or feed.board.ended or feed.board.failed:
            feed = self._feeds[key] = RunFeed(run_id, manager, shared, hide_target)
        try:
            async with aclosing(feed.events(position)) as events:
                async for event in events:
                    yield event
        finally:
            if feed.viewers == 0 and self._feeds.get(key) is feed:
                del self._feeds[key]

    def close(self) -> None:
        """Ends all viewers' streams; there are none from then on."""
        self._closed = True
        for feed in self._feeds.values():
            feed.board.fail()
