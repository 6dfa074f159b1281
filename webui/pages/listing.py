"""What a list of runs shows, as its address says it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from urllib.parse import urlencode

from webui.runs.state import RunStatus
from webui.store import RunQuery, Sort

PAGE_LENGTH = 50
GROUP_LENGTH = 25  # plans on a page: each brings its newest runs along
MAX_TRAIL = 60  # pages before that an address carries; from further on, First page leads back
STATUSES = ("live", *(status.value for status in RunStatus if not status.live))
_FILTERS = ("search", "status", "tag", "target", "since", "until", "pinned")


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list shows, as its address says it. Defaults are left out of addresses."""

    search: str = ""
    status: str = ""
    tag: str = ""
    target: str = ""
    since: str = ""  # days as YYYY-MM-DD, in the server's zone; both are shown
    until: str = ""
    pinned: str = ""  # "yes", or all
    plan: str = ""  # the key of one plan
    group: str = ""  # "plan", or none
    sort: Sort = "created"
    order: str = "desc"
    cursor: str = ""
    trail: tuple[str, ...] = ()  # the cursors of the pages before this one; the first page's is empty

    @classmethod
    def of(cls, given: Mapping[str, str], trail: tuple[str, ...]) -> "Listing":
        """The listing of an address; what it does not know, it takes as not said."""
        known = {name: given.get(name, "") for name in ("search", "tag", "target", "plan", "cursor")}
        status, sort = given.get("status", ""), given.get("sort", "")
        return cls(
            **known,
            status=status if status in STATUSES else "",
            since=_day(given.get("since", "")),
            until=_day(given.get("until", "")),
            pinned="yes" if given.get("pinned") == "yes" else "",
            group="plan" if given.get("group") == "plan" and not known["plan"] else "",
            sort=next((name for name in get_args(Sort) if name == sort), "created"),
            order="asc" if given.get("order") == "asc" else "desc",
            trail=trail if known["cursor"] else (),
        )

    def query(self) -> RunQuery:
        """The same for the store."""
        return RunQuery(
            search=self.search.strip(),
            status=self.status or None,
            tag=self.tag.strip() or None,
            sort=self.sort,
            descending=self.order == "desc",
            limit=GROUP_LENGTH if self.group else PAGE_LENGTH,
            cursor=self.cursor or None,
            target=self.target.strip(),
            since=_midnight(self.since),
            until=_midnight(self.until, days=1),
            plan_key=self.plan or None,
            pinned=True if self.pinned else None,
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

    @property
    def first(self) -> str | None:
        """The address of the first page, where it is more than one page back."""
        return self.address() if self.cursor and self.trail != ("",) else None

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
        """Whether some runs are left out on purpose, other plans' apart."""
        return any(getattr(self, name).strip() for name in _FILTERS)

    @property
    def unfiltered(self) -> str:
        """The address of the same list with nothing left out."""
        return self.address(**dict.fromkeys(_FILTERS, ""))

    @property
    def finely(self) -> bool:
        """Whether one of the filters is in use that are not always on show."""
        return bool(self.target.strip() or self.since or self.until or self.pinned)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _midnight(day: str, days: int = 0) -> datetime | None:
    """When that day begins where the server stands, or that many days later."""
    if not day:
        return None
    try:
        local = datetime.combine(date.fromisoformat(day) + timedelta(days=days), datetime.min.time())
        return local.astimezone().astimezone(UTC)
    except (OverflowError, ValueError):  # at the ends of time
        return None
