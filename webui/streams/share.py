"""`/s/{token}/stream`: the live events of a shared result, for as long as its link opens."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse

from webui.errors import NotFound
from webui.pages.templating import render
from webui.runs.shared import why_closed
from webui.store import Store
from webui.streams.fanout import html_event, named_event
from webui.streams.run import event_stream, must_exist
from webui.streams.run_feed import RunFeeds
from webui.web import Manager, Storage

CHECK_S = 2.0  # how often a stream looks whether its link has been revoked

router = APIRouter(include_in_schema=False)


@router.get("/s/{token}/stream")
async def share_stream(
    token: str,
    request: Request,
    manager: Manager,
    store: Storage,
    after: Annotated[str | None, Query(max_length=40)] = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> EventSourceResponse:
    """As the run page's stream, without secrets and controls."""
    share = await store.share(token)
    if share is None or why_closed(share, datetime.now(UTC)) or share.runs:
        raise NotFound("This link does not open any more.")
    await must_exist(share.run_id, manager, store)
    feeds: RunFeeds = request.app.state.run_feeds
    position, hidden = last_event_id or after, share.hide_target
    events = feeds.watch(manager, share.run_id, position, shared=True, hide_target=hidden)
    return event_stream(while_open(events, store, token))


async def while_open(
    events: AsyncGenerator[bytes, None], store: Store, token: str
) -> AsyncGenerator[bytes, None]:
    """The events until the link is revoked or has expired; then one that says so, and the end."""
    checked = time.monotonic()
    async with aclosing(events) as going:
        async for event in going:
            if time.monotonic() - checked >= CHECK_S:
                share = await store.share(token)
                if why_closed(share, datetime.now(UTC)):
                    yield html_event(render("share/revoked.html", None))
                    yield named_event("end", "revoked")
                    return
                checked = time.monotonic()
            yield event
