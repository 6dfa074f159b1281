"""When users and requests start: pure functions of elapsed time and count (after vegeta's Pacer).

A `UserPace` tells how many users should run at a time since the start. A `RatePace` tells when start
number n (0, 1, …) is due: at the time by which the integral of the rate reaches n. For Poisson arrivals
n is replaced by the n-th arrival time of a unit-rate Poisson process (time rescaling), so gaps are
exponential and follow the rate.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from webui.plan.load import Arrivals, ConstantRate, ConstantUsers, RampingRate, RampingUsers


@dataclass(frozen=True, slots=True)
class Segment:
    """A value that moves evenly from `begin` to `end` in [start_s, start_s + length_s)."""

    start_s: float
    length_s: float
    begin: float
    end: float

    def at(self, elapsed_s: float) -> float:
        """The value at a time in the segment."""
        if math.isinf(self.length_s) or self.length_s == 0:
            return self.begin
        return self.begin + (self.end - self.begin) * (elapsed_s - self.start_s) / self.length_s

    def area(self, seconds: float) -> float:
        """The integral over the segment's first `seconds`."""
        return (self.begin + self.at(self.start_s + seconds)) / 2 * seconds

    def until_area(self, wanted: float) -> float:
        """How many seconds into the segment the integral reaches `wanted` (which it does)."""
        if wanted <= 0:
            return 0.0
        if math.isinf(self.length_s) or self.begin == self.end:
            return wanted / self.begin
        slope = (self.end - self.begin) / self.length_s
        # The root of slope/2 x² + begin x - wanted, in the form that stays exact for a slope near 0.
        return 2 * wanted / (self.begin + math.sqrt(max(0.0, self.begin**2 + 2 * slope * wanted)))


class Line:
    """A piecewise linear function of elapsed seconds; after its end it has `after` for ever."""

    def __init__(self, segments: Sequence[Segment], after: float) -> None:
        """`segments` follow one another from 0 s without gaps; those of no length are left out."""
        self._segments = [segment for segment in segments if segment.length_s > 0]
        self._after = after
        self._starts = [segment.start_s for segment in self._segments]
        self._areas = [0.0]
        for segment in self._segments:
            self._areas.append(self._areas[-1] + segment.area(segment.length_s))

    @classmethod
    def of_stages(cls, begin: float, stages: Sequence[tuple[float, float]]) -> "Line":
        """From `begin` through stages of (seconds, value to reach), then 0."""
        segments, start, value = [], 0.0, begin
        for length, reached in stages:
            segments.append(Segment(start, length, value, reached))
            start, value = start + length, reached
        return cls(segments, 0.0)

    @classmethod
    def constant(cls, value: float, length_s: float = math.inf) -> "Line":
        """`value` for that long, then 0."""
        return cls([Segment(0.0, length_s, value, value)], 0.0)

    def at(self, elapsed_s: float) -> float:
        """The value at that time."""
        position = bisect_right(self._starts, elapsed_s) - 1
        if position < 0:
            return 0.0
        segment = self._segments[position]
        ended = elapsed_s >= segment.start_s + segment.length_s
        return self._after if ended and position == len(self._segments) - 1 else segment.at(elapsed_s)

    def reaches(self, area: float) -> float | None:
        """When the integral from 0 s first reaches `area`; None when it never does."""
        position = bisect_right(self._areas, area) - 1
        if position >= len(self._segments):
            return None
        segment = self._segments[position]
        return segment.start_s + segment.until_area(area - self._areas[position])


def rate_line(load: ConstantRate | RampingRate) -> Line:
    """The rate in starts per second over elapsed time."""
    if isinstance(load, ConstantRate):
        return Line.constant(load.rate_rps, math.inf if load.duration_s is None else load.duration_s)
    return Line.of_stages(load.start_rate_rps, [(s.duration_s, s.rate_rps) for s in load.stages])


def users_at(load: ConstantUsers | RampingUsers, elapsed_s: float) -> int:
    """How many users should run at that time, whole ones only."""
    return user_pace(load)(elapsed_s)


def user_pace(load: ConstantUsers | RampingUsers) -> Callable[[float], int]:
    """`users_at` of that load, for whoever asks often."""
    if isinstance(load, ConstantUsers):
        return lambda elapsed_s: (
            0 if elapsed_s < 0 else min(load.users, int(elapsed_s * load.spawn_per_s) + 1)
        )
    stages = [(stage.duration_s, float(stage.users)) for stage in load.stages]
    line = Line.of_stages(float(load.start_users), stages)
    last_s = math.nextafter(load.duration_s, 0.0)
    # Half up: a ramp of 1 s to 10 users has its first user at 0.05 s and all ten at 0.95 s.
    return lambda elapsed_s: 0 if elapsed_s < 0 else int(line.at(min(elapsed_s, last_s)) + 0.5)


def due_times(
    line: Line, arrivals: Arrivals, rng: random.Random, shard: int = 0, shards: int = 1
) -> Iterator[float]:
    """The times in seconds at which this shard's requests are due, rising; ends when the line does.

    Evenly spaced starts are dealt out in turn; of a Poisson process each shard has one of its own.
    """
    area = float(shard) if arrivals == "even" else rng.expovariate(1.0) * shards
    while (due := line.reaches(area)) is not None:
        yield due
        area += shards if arrivals == "even" else rng.expovariate(1.0) * shards
