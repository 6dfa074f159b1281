"""What is sent next, and how long a user pauses before it. Pure."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice, repeat
from random import Random
from typing import TypeVar

from webui.units import NS_PER_S

T = TypeVar("T")
_BATCH = 1024


def picks(things: Sequence[T], weights: Sequence[float], random: Random) -> Iterator[T]:
    """Things without end, each as often as its weight says, in random order."""
    return repeat(things[0]) if len(things) == 1 else _mixed(things, weights, random)


def _mixed(things: Sequence[T], weights: Sequence[float], random: Random) -> Iterator[T]:
    while True:
        # A batch at a time: a single choice costs ten times as much.
        yield from random.choices(things, weights, k=_BATCH)


def budgeted(endless: Iterator[T], iterations: int | None) -> Callable[[], T | None]:
    """Gives one thing a call; None once `iterations` were given (None: there is no end)."""
    limited = endless if iterations is None else islice(endless, iterations)
    return partial(next, limited, None)


def pauses(shortest_s: float, longest_s: float, random: Random) -> Callable[[], int] | None:
    """Gives a think time in nanoseconds a call, drawn evenly; None where there is none."""
    if longest_s <= 0:
        return None
    if shortest_s == longest_s:
        constant = round(shortest_s * NS_PER_S)
        return lambda: constant
    return lambda: round(random.uniform(shortest_s, longest_s) * NS_PER_S)


def draw(
    weights: Sequence[float], random: Random, iterations: int | None, things: Sequence[T]
) -> Callable[[], T | None]:
    """Gives one of the things a call, each as often as its weight says; None once `iterations` were given."""
    return budgeted(picks(things, weights, random), iterations)
