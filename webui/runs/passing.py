"""Pages of a list in which some rows are passed over, as if they were not in it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from webui.store import RunQuery

MOST_READS: Final = 10  # for one page; a list with more in a row that is passed over ends there

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Read(Generic[Item]):
    """Items as they were read, None for each that is passed over; `total` counts them all."""

    items: Sequence[Item | None]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list: how many are before it, and how many of them were passed over."""

    cursor: str | None = None
    before: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """What is shown. Neither its number nor its end tells of what was passed over up to there."""

    items: Sequence[Item]
    following: Place | None
    total: int


async def page_from(
    place: Place, query: RunQuery, read: Callable[[RunQuery], Awaitable[Read[Item]]], at_once: int
) -> Page[Item]:
    """The page that begins at `place`, read `at_once` rows at a time."""
    shown: list[Item] = []
    last: tuple[Place, int, int] | None = None  # of those shown: where it was read, its number, passed before
    more = False
    for _ in range(MOST_READS):
        found = await read(replace(query, cursor=place.cursor, limit=at_once))
        passed = place.passed
        for number, item in enumerate(found.items, 1):
            if item is None:
                passed += 1
            elif len(shown) < query.limit:
                shown.append(item)
                last = place, number, passed
            else:
                more = True
        total = found.total - passed
        if more or found.next_cursor is None:
            break
        place = Place(found.next_cursor, place.before + len(found.items), passed)
    else:
        total = place.before - place.passed
    return Page(shown, await _behind(last, query, read) if more and last else None, total)


async def _behind(
    last: tuple[Place, int, int], query: RunQuery, read: Callable[[RunQuery], Awaitable[Read[Item]]]
) -> Place:
    """The place behind the last one shown: its cursor is that of a page that ends there."""
    start, number, passed = last
    found = await read(replace(query, cursor=start.cursor, limit=number))
    return Place(found.next_cursor, start.before + number, passed)
