"""What is due when. Pure: time comes in as a number."""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")

NEVER = 1 << 62


class Timetable(Generic[T]):
    """Things by their due time; those of the same time in the order in which they were added."""

    __slots__ = ("_added", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, T]] = []
        self._added = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, due_ns: int, thing: T) -> None:
        """Puts it down for that time."""
        self._added += 1
        heappush(self._heap, (due_ns, self._added, thing))

    def due(self, now: int) -> Iterator[tuple[int, T]]:
        """Takes out what is due, earliest first, with its due time. What is added meanwhile is seen."""
        while self._heap and self._heap[0][0] <= now:
            due_ns, _, thing = heappop(self._heap)
            yield due_ns, thing

    def take_any(self) -> T:
        """Takes out one that is not due soon, at no cost: the heap's last leaf."""
        return self._heap.pop()[2]

    @property
    def next_ns(self) -> int | None:
        """When the next thing is due."""
        return self._heap[0][0] if self._heap else None

    def clear(self) -> list[T]:
        """Takes everything out."""
        things = [thing for _, _, thing in self._heap]
        self._heap.clear()
        return things


def backoff_ns(failures: int, first_ns: int, longest_ns: int) -> int:
    """The pause after so many failed connections in a row (1 and more): `first_ns`, doubling up to
    `longest_ns`."""
    return min(first_ns << min(failures - 1, 20), longest_ns)
