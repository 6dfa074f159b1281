"""One run as server-sent events: its rows so far, then each new one, until it has ended.

What a client holds is told by one number, the end of its last row. So whoever joins late is sent all rows,
whoever comes back those since, and a slow reader, who may lose events, still loses no row.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sse_starlette import ServerSentEvent

from webui.analysis.document import RowPart
from webui.analysis.results import row
from webui.api.models import StatusChange
from webui.metrics.snapshot import Snapshot
from webui.runs.manager import RunManager
from webui.runs.model import RunView

PING_S = 15
FINISHED_ID = "finished"  # a client that comes back with this has everything
_POLL_S = 1.0  # for runs of another process, such as `katydid run`
_AT_ONCE = 50  # rows written before others get their turn


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


async def events(manager: RunManager, run_id: str, progress: Progress) -> AsyncIterator[ServerSentEvent]:
    """The run's events until it has ended. Raises NotFound before the first one."""
    async for view in _views(manager, run_id):
        for number, event in enumerate(_news(view, progress), 1):
            yield event
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if not view.live:
            yield _event("finished", StatusChange.of(view).model_dump_json(), FINISHED_ID)
            return


def _news(view: RunView, progress: Progress) -> Iterator[ServerSentEvent]:
    if (status := progress.take_new_status(view)) is not None:
        yield _event("status", status.model_dump_json())
    for snapshot in progress.take_new_rows(view.snapshots):
        yield _event("snapshot", row(snapshot).model_dump_json(), str(snapshot.end_ns))


def _event(kind: str, data: str, number: str | None = None) -> ServerSentEvent:
    return ServerSentEvent(data, event=kind, id=number, sep="\n")


async def _views(manager: RunManager, run_id: str) -> AsyncIterator[RunView]:
    """Pictures of the run, the newest whenever there is something new; the last one is of its end,
    unless the server shuts down before."""
    live = manager.get_live(run_id)
    if live is None:
        async for view in _polled(manager, run_id):
            yield view
        return
    view = await manager.view(run_id)
    yield view
    async with live.channel.subscribe(view.seq) as changes:
        async for change in changes:
            yield change.view


async def _polled(manager: RunManager, run_id: str) -> AsyncIterator[RunView]:
    while True:
        view = await manager.view(run_id)
        yield view
        if not view.live:
            return
        await asyncio.sleep(_POLL_S)
