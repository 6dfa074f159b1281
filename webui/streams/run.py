"""`/runs/{id}/stream`: the run page's live events."""

from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse

from webui.errors import NotFound
from webui.runs.manager import RunManager
from webui.security.access import is_viewer
from webui.store import Store
from webui.streams.fanout import ping
from webui.streams.run_feed import RunFeeds
from webui.web import Manager, Storage

PING_S = 5  # the page takes a connection for lost after three without a sign of life

router = APIRouter(include_in_schema=False)


@router.get("/runs/{run_id}/stream")
async def run_stream(
    run_id: str,
    request: Request,
    manager: Manager,
    store: Storage,
    after: Annotated[str | None, Query(max_length=40)] = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> EventSourceResponse:
    """Fragments and chart rows, from where the page stands (`after`, then Last-Event-ID), until the end."""
    await must_exist(run_id, manager, store)
    feeds: RunFeeds = request.app.state.run_feeds
    # A viewer's page has no controls and no secrets, as a shared one has not.
    events = feeds.watch(manager, run_id, last_event_id or after, shared=is_viewer(request))
    return event_stream(events)


async def must_exist(run_id: str, manager: RunManager, store: Store) -> None:
    """Raises NotFound for a run that is neither live nor stored."""
    if manager.get_live(run_id) is None and await store.get_run(run_id) is None:
        raise NotFound("There is no such test. It may have been deleted.")


def event_stream(events: AsyncIterable[bytes]) -> EventSourceResponse:
    """The events as a response that ends by itself when the server is told to stop."""
    return EventSourceResponse(events, ping=PING_S, ping_message_factory=ping)
