"""A level of a sweep: so many users are put to work, settle, and are measured."""

import math
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING

from webui.metrics.histogram import EMPTY
from webui.metrics.probing import Block
from webui.metrics.snapshot import StepStats
from webui.sweep.acts import Level
from webui.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from webui.engine.sweeping import SweepShape

LOOK_NS = 5 * NS_PER_MS
SHORTEST_SLICE_NS = 25 * NS_PER_MS  # the event loop's timers are exact to one or two
MOST_SLICES = 400
_FEWEST_FOR_ERROR = 8  # answers, before the spread of their mean is believed


def measure_level(sweep: "SweepShape", act: Level) -> Iterator[int]:
    """Carries the level out, and keeps its record."""
    host = sweep.crew.host
    begun_ns = host.now_ns()
    _set_up(sweep, act)
    for user in sweep.users:
        user.begin_counting()
    while not _settled(sweep, act, host.now_ns() - begun_ns):
        yield host.now_ns() + LOOK_NS
    measured = _Measurement(sweep, act)
    yield from measured.script()
    sweep.keep_step(measured.step(settle_ns=measured.from_ns - begun_ns))


def _set_up(sweep: "SweepShape", act: Level) -> None:
    canary = sweep.canary
    if canary is not None:
        if act.canary and sweep.canary_template is not None:
            canary.start(sweep.canary_template, clock())
        else:
            canary.stop()
    sweep.crew.around.retry_ns = round(act.retry_s * NS_PER_S)
    sweep.work(min(act.users, sweep.load.to))


def _settled(sweep: "SweepShape", act: Level, passed_ns: int) -> bool:
    wanted = act.settle_answers
    if not wanted or passed_ns >= act.longest_settle_s * NS_PER_S:
        return True
    return sweep.all_at_work and all(user.ended >= wanted for user in sweep.users)


class _Measurement:
    """The measured part: counts what happens in it, in slices too, which become blocks at the end, when the
    response time is known."""

    def __init__(self, sweep: "SweepShape", act: Level) -> None:
        self._sweep = sweep
        self._act = act
        self._wanted = min(act.users, sweep.load.to)
        self._recorder = recorder = sweep.crew.recorder
        self.from_ns = sweep.crew.host.now_ns()
        length_ns = round(act.measure_s * NS_PER_S)
        self._until_ns = self.from_ns + length_ns
        self._slice_ns = max(SHORTEST_SLICE_NS, -(-length_ns // MOST_SLICES))
        self._slices: list[Block] = []
        self._enough = False
        self._end_ns = 0
        for user in sweep.users:
            user.begin_counting()
        recorder.begin_step()
        if sweep.canary is not None:
            sweep.canary.begin_step()
        self._demand_ns, self._clock_ns = sweep.crew.health.demand_ns(), clock()
        self._lost = recorder.connections_lost
        self._ended = sum(recorder.ended)
        self._counted = recorder.answered()

    def script(self) -> Iterator[int]:
        """Until it has lasted long enough, or there are enough answers. Not before one has come, as long
        as one may take."""
        host, around = self._sweep.crew.host, self._sweep.crew.around
        around.tap = self._tap()
        while (now := host.now_ns()) < self._until_ns and not self._enough:
            self._count_slices(now)
            yield min(self._slice_end_ns, self._until_ns)
        if not self._enough:
            self._end_ns = host.now_ns()
        self._count_slices(self._end_ns)
        longest_ns = self._until_ns + self._sweep.longest_wait_ns
        while sum(self._recorder.ended) == self._ended and (now := host.now_ns()) < longest_ns:
            yield now + LOOK_NS
            self._end_ns = host.now_ns()
        around.tap = None

    def _tap(self) -> Callable[[bool, int], None] | None:
        act = self._act
        if act.until_answers is None and act.until_error is None:
            return None
        spread = _Spread()

        def tap(success: bool, service_ns: int) -> None:
            spread.add(service_ns) if success else spread.fail()
            if spread.enough(act.until_answers, act.until_error) and not self._enough:
                self._enough = True
                self._end_ns = self._sweep.crew.host.now_ns()
                self._sweep.rest()  # no request more than that
                self._sweep.go_on_soon()

        return tap

    def _count_slices(self, now: int) -> None:
        """Closes the slices whose end has come. One that the engine slept through is empty."""
        while now >= self._slice_end_ns:
            before, self._counted = self._counted, self._recorder.answered()
            self._slices.append(Block(self._counted[0] - before[0], self._counted[1] - before[1]))

    @property
    def _slice_end_ns(self) -> int:
        return self.from_ns + (len(self._slices) + 1) * self._slice_ns

    def step(self, settle_ns: int) -> StepStats:
        """The record, at the end."""
        sweep, recorder = self._sweep, self._recorder
        host = sweep.crew.host
        offset_ns = host.origin_ns - recorder.origin_ns
        wall_ns = clock() - self._clock_ns
        canary, canary_failures = sweep.canary.end_step() if sweep.canary is not None else (EMPTY, 0)
        demand_ns = sweep.crew.health.demand_ns() - self._demand_ns
        stats, users = recorder.end_step(), sweep.users
        per_block = max(1, round(2 * (stats.response.mean_ns or 0) / self._slice_ns))
        return StepStats(
            users=min(self._wanted, len(users)),
            start_ns=self.from_ns + offset_ns,
            end_ns=self._end_ns + offset_ns,
            settle_ns=settle_ns,
            stats=stats,
            kind=self._act.kind,
            blocks=blocks_of(self._slices, per_block),
            block_ns=per_block * self._slice_ns,
            per_user=tuple(sorted(user.successes for user in users)[-self._wanted :]),
            canary=canary,
            canary_failures=canary_failures,
            connections_lost=max(0, recorder.connections_lost - self._lost),
            demand_percent=100.0 * demand_ns / wall_ns if wall_ns else None,
        )


def blocks_of(slices: Sequence[Block], per_block: int) -> tuple[Block, ...]:
    """So many slices to a block; those that make no whole one at the end are left out."""
    whole = len(slices) // per_block * per_block
    return tuple(_joined(slices[start : start + per_block]) for start in range(0, whole, per_block))


def _joined(slices: Sequence[Block]) -> Block:
    return Block(sum(part.successes for part in slices), sum(part.response_ns for part in slices))


class _Spread:
    """Mean and spread of service times as they come (Welford's algorithm)."""

    def __init__(self) -> None:
        self._count = self._failures = 0
        self._mean = self._squares = 0.0

    def add(self, value: int) -> None:
        self._count += 1
        delta = value - self._mean
        self._mean += delta / self._count
        self._squares += delta * (value - self._mean)

    def fail(self) -> None:
        self._failures += 1

    def enough(self, answers: int | None, error: float | None) -> bool:
        """Whether there are so many answers (or failures), or the mean's standard error is so small."""
        if answers is not None and max(self._count, self._failures) >= answers:
            return True
        if error is None or self._count < _FEWEST_FOR_ERROR or not self._mean:
            return False
        return math.sqrt(self._squares / (self._count - 1) / self._count) / self._mean < error
