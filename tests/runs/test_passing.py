"""Lists in which rows are passed over: what is on their pages, and that nothing tells of the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from webui.runs.passing import MOST_READS, Place, Read, page_from
from webui.store import RunQuery

pytestmark = pytest.mark.anyio


class Rows:
    """A list of numbers, of which the odd ones are passed over."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self.reads = 0

    async def read(self, query: RunQuery) -> Read[int]:
        self.reads += 1
        start = int(query.cursor or 0)
        end = start + query.limit
        found = [number if number % 2 == 0 else None for number in self.numbers[start:end]]
        return Read(found, str(end) if end < len(self.numbers) else None, len(self.numbers))


async def pages(rows: Rows, limit: int, at_once: int) -> list[tuple[list[int], int]]:
    """All pages from the first on, with the number that each says."""
    place: Place | None = Place()
    found = []
    while place is not None:
        page = await page_from(place, RunQuery(limit=limit), rows.read, at_once)
        found.append((list(page.items), page.total))
        place = page.following
    return found


@pytest.mark.parametrize("at_once", [1, 2, 3, 10])
async def test_what_is_passed_over_is_neither_shown_nor_counted(at_once: int) -> None:
    mixed = [1, 2, 3, 3, 4, 6, 5, 5, 8, 7]
    shown = [each for part, _ in await pages(Rows(mixed), 2, at_once) for each in part]
    assert shown == [2, 4, 6, 8]
    assert await pages(Rows([1, 3, 5, 7]), 1, at_once) == [([], 0)]
    assert await pages(Rows([2, 3, 5]), 1, at_once) == [([2], 1)]
    assert (await pages(Rows(mixed), 2, at_once))[-1] == ([6, 8], 4)


async def test_pages_of_a_list_that_is_read_at_once_say_the_same_number() -> None:
    assert await pages(Rows([1, 2, 3, 4, 5, 6, 7]), 1, 7) == [([2], 3), ([4], 3), ([6], 3)]


async def test_much_that_is_passed_over_ends_the_list() -> None:
    rows = Rows([2] + [1] * 10 * MOST_READS + [4])
    assert await pages(rows, 2, 10) == [([2], 1)]
    assert rows.reads == MOST_READS
