"""All runs: searched, filtered, sorted, a page at a time. Plain links and a GET form carry it all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from webui.pages.context import RunRow
from webui.pages.rows import row_from_summary, row_from_view
from webui.pages.templating import respond
from webui.runs.manager import RunManager
from webui.runs.state import RunStatus
from webui.store import RunQuery, RunSummary, Sort
from webui.web import Manager, Storage

PAGE_LENGTH = 50
MAX_TRAIL = 60  # pages before that an address carries; from further on, First page leads back
STATUSES = ("live", *(status.value for status in RunStatus if not status.live))

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list shows, as its address says it. Defaults are left out of addresses."""

    search: str = ""
    status: str = ""
    tag: str = ""
    sort: Sort = "created"
    order: str = "desc"
    cursor: str = ""
    trail: tuple[str, ...] = ()  # the cursors of the pages before this one; the first page's is empty

    def query(self) -> RunQuery:
        """The same for the store."""
        return RunQuery(
            search=self.search.strip(),
            status=self.status or None,
            tag=self.tag.strip() or None,
            sort=self.sort,
            descending=self.order == "desc",
            limit=PAGE_LENGTH,
            cursor=self.cursor or None,
        )

    def address(self, **changes: str) -> str:
        """The address of this list with changes, at its first page."""
        return replace(self, **{"cursor": "", "trail": (), **changes}).here  # type: ignore[arg-type]

    @property
    def here(self) -> str:
        """The address of this page of the list."""
        plain = Listing()
        parts = {name: getattr(self, name) for name in Listing.__slots__}
        changed = {name: value for name, value in parts.items() if value != getattr(plain, name)}
        query = urlencode(changed, doseq=True)
        return f"/runs?{query}" if query else "/runs"

    def following(self, cursor: str) -> str:
        """The address of the next page, which begins at `cursor`."""
        return replace(self, cursor=cursor, trail=(*self.trail, self.cursor)[-MAX_TRAIL:]).here

    @property
    def previous(self) -> str | None:
        """The address of the page before; None on the first page, and where the trail does not reach."""
        return replace(self, cursor=self.trail[-1], trail=self.trail[:-1]).here if self.trail else None

    def sorted_by(self, sort: str) -> str:
        """The address with that order; asked for a second time, turned round. Text begins with A."""
        first = "asc" if sort in ("name", "status", "target") else "desc"
        turned = "asc" if self.order == "desc" else "desc"
        return self.address(sort=sort, order=turned if sort == self.sort else first)

    def aria_sort(self, sort: str) -> str | None:
        """The value of aria-sort for that column; None where it is not the order."""
        if sort != self.sort:
            return None
        return "ascending" if self.order == "asc" else "descending"

    @property
    def filtered(self) -> bool:
        """Whether some runs are left out on purpose."""
        return bool(self.search.strip() or self.status or self.tag.strip())


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`/runs`: one page of the list. `total` counts the runs on all its pages."""

    listing: Listing
    rows: Sequence[RunRow]
    total: int
    first: str | None
    previous: str | None
    next: str | None
    statuses: Sequence[str] = STATUSES


@router.get("/runs")
async def history(
    request: Request,
    manager: Manager,
    store: Storage,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    tag: Annotated[str, Query(max_length=60)] = "",
    sort: Annotated[str, Query(max_length=20)] = "created",
    order: Annotated[str, Query(max_length=4)] = "desc",
    cursor: Annotated[str, Query(max_length=4000)] = "",
    trail: Annotated[tuple[str, ...], Query(max_length=MAX_TRAIL)] = (),
) -> Response:
    """The list that the address describes. What it does not know, it takes as not said."""
    listing = Listing(
        search=search,
        status=status if status in STATUSES else "",
        tag=tag,
        sort=next((known for known in get_args(Sort) if known == sort), "created"),
        order="asc" if order == "asc" else "desc",
        cursor=cursor,
        trail=trail if cursor else (),
    )
    plain = listing.here
    if request.url.query and request.url.query != plain.partition("?")[2]:
        return RedirectResponse(plain, HTTPStatus.SEE_OTHER)  # a form sends its empty fields too
    found = await store.list_runs(listing.query())
    page = HistoryPage(
        listing=listing,
        rows=_rows(manager, found.items),
        total=found.total,
        first=listing.address() if listing.cursor and listing.trail != ("",) else None,
        previous=listing.previous,
        next=listing.following(found.next_cursor) if found.next_cursor else None,
    )
    return respond("history/index.html", page)


def _rows(manager: RunManager, items: Sequence[RunSummary]) -> list[RunRow]:
    """The rows in the store's order, with what is known at this moment of those that live."""
    live = {view.id: view for view in manager.live_runs()}
    return [row_from_view(live[item.id]) if item.id in live else row_from_summary(item) for item in items]
