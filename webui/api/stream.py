"""One run as server-sent events: its rows so far, then each new one, until it has ended.

What a client holds is told by one number, the end of its last row. So whoever joins late is sent all rows,
whoever comes back those since, and a slow reader, who may lose events, still loses no row.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TypeVar

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent

from webui.analysis.document import RowPart
from webui.analysis.results import row
from webui.api.models import StatusChange
from webui.metrics.snapshot import Snapshot
from webui.runs.broadcast import RunEvent, Subscription
from webui.runs.manager import RunManager
from webui.runs.model import RunView

FINISHED_ID = "finished"  # a client that comes back with this has everything
_PING_S = 15
_CLOSE_S = 0.5  # how long a stream may take to end when the server shuts down
_POLL_S = 1.0  # for runs of another process, such as `katydid run`
_AT_ONCE = 50  # rows written before others get their turn

_T = TypeVar("_T")


@dataclass(slots=True)
class Progress:
    """What one client was sent: rows up to `end_ns`, the newest row itself, and the newest status."""

    end_ns: int = 0
    newest: RowPart | None = None
    status: StatusChange | None = None

    def take_new_rows(self, rows: Sequence[Snapshot]) -> list[Snapshot]:
        """The rows that are new, or were filled up, since the last call; the client has them from then on."""
        new = list(takewhile(lambda snapshot: snapshot.end_ns >= self.end_ns, reversed(rows)))
        if new and row(new[-1]) == self.newest:
            new.pop()
        if new:
            self.end_ns, self.newest = new[0].end_ns, row(new[0])
        return new[::-1]

    def take_new_status(self, view: RunView) -> StatusChange | None:
        """Where the run stands, when that differs from what the client knows."""
        status = StatusChange.of(view)
        if status == self.status:
            return None
        self.status = status
        return status


def progress_of(last_event_id: str | None) -> Progress:
    """Where a client that comes back left off; from the start for an id that is none of ours."""
    known = (last_event_id or "").strip()
    return Progress(int(known) if known.isascii() and known.isdecimal() and len(known) < 20 else 0)


def respond(manager: RunManager, run_id: str, last_event_id: str | None) -> EventSourceResponse:
    """The stream for one client. When the server shuts down, it ends as if the run's events had."""
    closing = anyio.Event()
    return EventSourceResponse(
        events(manager, run_id, progress_of(last_event_id), closing),
        ping=_PING_S,
        shutdown_event=closing,
        shutdown_grace_period=_CLOSE_S,
        sep="\n",
    )


async def events(
    manager: RunManager, run_id: str, progress: Progress, closing: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    """The run's events until it has ended, or `closing` is set. Raises NotFound before the first one."""
    async for view in _views(manager, run_id, closing):
        for number, event in enumerate(_news(view, progress), 1):
            yield event
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if not view.live:
            yield _event("finished", StatusChange.of(view).model_dump_json(), FINISHED_ID)
            return


def _news(view: RunView, progress: Progress) -> Iterator[ServerSentEvent]:
    status = progress.take_new_status(view)
    # The last change of status is the event `finished`, after all rows.
    if status is not None and (view.live or not progress.end_ns):
        yield _event("status", status.model_dump_json())
    for snapshot in progress.take_new_rows(view.snapshots):
        yield _event("snapshot", row(snapshot).model_dump_json(), str(snapshot.end_ns))


def _event(kind: str, data: str, number: str | None = None) -> ServerSentEvent:
    return ServerSentEvent(data, event=kind, id=number, sep="\n")


async def _views(manager: RunManager, run_id: str, closing: anyio.Event) -> AsyncIterator[RunView]:
    """Pictures of the run, the newest whenever there is something new, the last one of its end."""
    live = manager.get_live(run_id)
    view = await manager.view(run_id)
    yield view
    if live is None:
        while view.live and not await _is_set_within(closing, _POLL_S):
            view = await manager.view(run_id)
            yield view
        return
    async with live.channel.subscribe(view.seq) as changes:
        async for change in _until(closing, changes):
            yield change.view


async def _until(closing: anyio.Event, changes: Subscription) -> AsyncIterator[RunEvent]:
    """The changes that come before `closing` is set."""
    closed = asyncio.ensure_future(closing.wait())
    try:
        while (change := await _first(closed, anext(changes, None))) is not None:
            yield change
    finally:
        closed.cancel()


async def _first(closed: asyncio.Future[None], coming: Coroutine[Any, Any, _T]) -> _T | None:
    """What comes, or None when `closed` is first."""
    task = asyncio.ensure_future(coming)
    either: set[asyncio.Future[Any]] = {closed, task}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()


async def _is_set_within(event: anyio.Event, seconds: float) -> bool:
    with anyio.move_on_after(seconds):
        await event.wait()
    return event.is_set()
