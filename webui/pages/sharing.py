"""Share links on their owner's pages: the form that makes one, the list, and whose views are not counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from starlette.requests import HTTPConnection

from webui.errors import InvalidInput
from webui.runs.views import ViewCounts
from webui.security.access import is_viewer
from webui.store import ShareRecord, Store

# Days until a link expires, as the form offers them; an empty value: never.
EXPIRIES = {"": None, "1": 1, "7": 7, "30": 30}

_OWN = "katydid_own"  # set on whoever has seen the owner's page: that browser's views are not counted
_OWN_S = 400 * 86_400  # browsers keep cookies no longer


@dataclass(frozen=True, slots=True)
class ShareLink:
    """One share link that was not revoked."""

    token: str
    url: str
    created_at: datetime
    expires_at: datetime | None = None
    expired: bool = False
    views: int = 0
    last_viewed_at: datetime | None = None
    hide_target: bool = False


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """What the form asks for."""

    expires_at: datetime | None
    hide_target: bool


def options_of(form: Mapping[str, Any]) -> ShareOptions:
    """The options in a form's fields; without any, a link that never expires. Raises InvalidInput."""
    chosen = form.get("expires", "")
    if chosen not in EXPIRIES:
        raise InvalidInput.at("expires", "choose 1, 7 or 30 days, or never")
    return ShareOptions(expires_at(EXPIRIES[chosen]), form.get("hide_target") == "on")


def expires_at(days: int | None) -> datetime | None:
    """The moment so many days from now."""
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


def view_counts(connection: HTTPConnection) -> ViewCounts:
    """The counts of views of this application."""
    state = connection.app.state
    if not hasattr(state, "view_counts"):
        state.view_counts = ViewCounts()
    counts: ViewCounts = state.view_counts
    return counts


Views = Annotated[ViewCounts, Depends(view_counts)]


async def links_of(run_id: str, request: Request, store: Store, runs: Sequence[str] = ()) -> list[ShareLink]:
    """The links to the run, or to the comparison of `runs`, that were not revoked, newest first, with whole
    addresses as this viewer's browser would write them."""
    return await _links(
        [each for each in await store.shares(run_id) if list(each.runs) == list(runs)], request, store
    )


async def experiment_links(experiment_id: str, request: Request, store: Store) -> list[ShareLink]:
    """The links to the experiment that were not revoked, newest first."""
    return await _links(await store.experiment_shares(experiment_id), request, store)


async def _links(records: Sequence[ShareRecord], request: Request, store: Store) -> list[ShareLink]:
    if is_viewer(request):
        return []  # who may read cannot pass on what opens without a login
    root, now = str(request.base_url), datetime.now(UTC)
    for record in records:
        await view_counts(request).written(record.token, store)
    shown = [record for record in records if record.revoked_at is None]
    return [_link(record, root, now) for record in sorted(shown, key=lambda each: each.created_at)[::-1]]


def _link(record: ShareRecord, root: str, now: datetime) -> ShareLink:
    return ShareLink(
        record.token,
        f"{root}s/{record.token}",
        record.created_at,
        expires_at=record.expires_at,
        expired=record.expires_at is not None and record.expires_at <= now,
        views=record.views,
        last_viewed_at=record.last_viewed_at,
        hide_target=record.hide_target,
    )


def marked_own(response: Response) -> Response:
    """The response, which tells the browser that share links are its own."""
    response.set_cookie(_OWN, "1", max_age=_OWN_S, path="/s/", httponly=True, samesite="lax")
    return response


def counts(request: Request) -> bool:
    """Whether opening a shared page counts as a view: a page asked for by a guest's browser. Programs that
    fetch a link to preview it do not ask for HTML by name."""
    return (
        request.method == "GET"
        and not getattr(request.state, "head", False)
        and _OWN not in request.cookies
        and "text/html" in request.headers.get("accept", "")
    )
