"""The open model: requests start on a schedule, whatever the target does with those before."""

from collections.abc import Iterator, Sequence
from math import inf

from webui.engine.control import ChangeKind
from webui.engine.crew import Crew
from webui.engine.pool import AHEAD_S, FEWEST, Pool
from webui.engine.schedule import NEVER
from webui.engine.shapes import Shape
from webui.engine.template import Template
from webui.engine.user import User
from webui.plan.load import ConstantRate, RampingRate
from webui.plan.pacing import Line, Segment, due_times
from webui.units import NS_PER_S

_BURST = 4  # starts in a row, before I/O has its turn
_REPLENISH_EVERY = 16  # starts
_HOPELESS_NS = NS_PER_S  # a start that is later than this is dropped: this generator can't keep the rate


class RateShape(Shape):
    """Constant and ramping arrival rates. Every due start is begun by a free user, or dropped and counted."""

    open = True

    def __init__(self, crew: Crew, load: ConstantRate | RampingRate, firsts: Sequence[Template]) -> None:
        super().__init__(crew)
        limit = crew.share(load.max_users)
        self._arrivals = load.arrivals
        self._line = _endless(load)
        self._base_ns = 0  # where the line and the times begin
        self._times = due_times(self._line, load.arrivals, crew.random, crew.shard, crew.shards)
        self._due_ns = self._next()
        self._until_replenished = _REPLENISH_EVERY
        self._pool = Pool(crew, limit, firsts)
        first_s = self._line.at(1.0) if isinstance(load, RampingRate) else load.rate_rps
        self._to_prepare = min(limit, max(FEWEST, int(first_s / crew.shards * AHEAD_S) + 1))

    def _next(self) -> int:
        due_s = next(self._times, None)
        return NEVER if due_s is None else self._base_ns + round(due_s * NS_PER_S)

    def prepare(self) -> bool:
        begun = self._pool.connect_ahead(self._to_prepare)
        self._to_prepare = self._to_prepare - begun if begun else 0
        return not self._to_prepare and not self._pool.connecting

    def advance(self, now: int) -> int:
        for _ in range(_BURST):
            if self._due_ns > now:
                break
            self._take_next(now)
        return self._due_ns

    def _take_next(self, now: int) -> None:
        due_ns, self._due_ns = self._due_ns, self._next()
        if now - due_ns > _HOPELESS_NS:
            self._drop(self.crew.choose_any())
        else:
            self._start(due_ns)

    def _start(self, due_ns: int) -> None:
        crew = self.crew
        template = crew.choose_any()
        user = self._pool.take(template.origin)
        if user is None:
            self._drop(template)
        else:
            crew.health.schedule_lag.add(user.begin_due(template, crew.host.origin_ns + due_ns))
        self._until_replenished -= 1
        if not self._until_replenished:
            self._until_replenished = _REPLENISH_EVERY
            self._pool.replenish()

    def _drop(self, template: Template) -> None:
        self.crew.recorder.logs[template.index].dropped += 1

    def close(self, end: int) -> None:
        """All that was due before is begun, however much that is in a row, or dropped by the same rules."""
        now = self.crew.host.now_ns()
        while self._due_ns < end:
            self._take_next(now)

    def pause(self, now: int) -> None:
        self.close(now)

    def idle(self, user: User) -> None:
        self._pool.put(user)

    def change(self, kind: ChangeKind, value: float, now: int) -> bool:
        """The new rate holds from now on. What of the present gap has passed is kept."""
        if kind != "rate":
            return False
        self.close(now)
        self._times = self._changed(value, now / NS_PER_S)
        self._line = Line.constant(value)
        self._base_ns = now
        self._due_ns = self._next()
        return True

    def _changed(self, rate: float, now_s: float) -> Iterator[float]:
        crew = self.crew
        if rate <= 0:
            return iter(())
        wait_s = 0.0
        if self._arrivals == "even":
            wait_s = self._starts_until_next(now_s, crew.shards) / rate
        line = Line([Segment(0.0, wait_s, 0.0, 0.0), Segment(wait_s, inf, rate, rate)], rate)
        return due_times(line, self._arrivals, crew.random, 0, crew.shards)

    def _starts_until_next(self, now_s: float, at_most: int) -> float:
        """The integral of the present rate from now to the next start, of all shards."""
        if self._due_ns == NEVER:
            return 0.0
        base_s, due_s = self._base_ns / NS_PER_S, self._due_ns / NS_PER_S
        mean = (self._line.at(now_s - base_s) + self._line.at(due_s - base_s)) / 2
        return min(max(0.0, mean * (due_s - now_s)), float(at_most))


def _endless(load: ConstantRate | RampingRate) -> Line:
    """The planned rate, and the last one for ever: time may be added. The shard knows when the end is."""
    if isinstance(load, ConstantRate):
        return Line.constant(load.rate_rps)
    stages = [(stage.duration_s, stage.rate_rps) for stage in load.stages]
    last = load.stages[-1].rate_rps
    return Line.of_stages(load.start_rate_rps, [*stages, (inf, last)] if last else stages)
