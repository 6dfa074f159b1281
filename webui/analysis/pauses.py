"""When a run's load was paused. Pure."""

from collections.abc import Iterable, Iterator
from typing import Protocol


class _Change(Protocol):
    """Something changed at `t_s`, since the start of the run."""

    @property
    def kind(self) -> str: ...
    @property
    def t_s(self) -> float: ...


def pauses(changes: Iterable[_Change], until_s: float) -> Iterator[tuple[float, float]]:
    """Begin and end of each pause up to `until_s`, in order; the last one may go on beyond that."""
    begin: float | None = None
    for change in changes:
        if change.kind == "pause" and begin is None:
            begin = change.t_s
        elif change.kind == "resume" and begin is not None:
            if begin < until_s:
                yield begin, min(change.t_s, until_s)
            begin = None
    if begin is not None and begin < until_s:
        yield begin, until_s
