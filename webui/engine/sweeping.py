"""A sweep: levels of users one after the other, each settled and then measured, chosen by `plan.sweep`.

Users who are not needed at a level keep their connection and rest on the bench. What settling takes follows
from the answers that come: no level is measured before its users are all at work and some have an answer.
"""

from dataclasses import dataclass

from webui.engine.closed import UsersShape
from webui.engine.crew import Crew
from webui.engine.user import User
from webui.metrics.snapshot import EndpointStats
from webui.plan.load import Sweep
from webui.plan.sweep import Step, measure_s, next_level, settle_s
from webui.units import NS_PER_MS, NS_PER_S

_LOOK_NS = 20 * NS_PER_MS
_LONGEST_SETTLING_NS = 4 * NS_PER_S


@dataclass(slots=True)
class _Level:
    users: int
    begun_ns: int
    expected_s: float | None  # the mean response time, as the last level leads to expect
    measured_from_ns: int | None = None
    measured_until_ns: int = 0


class SweepShape(UsersShape):
    """Ends by itself when it knows enough, after `longest_wait_ns` at most for a level's first answer."""

    def __init__(self, crew: Crew, load: Sweep, longest_wait_ns: int) -> None:
        super().__init__(crew, lambda _: self._level.users)
        self._load = load
        self._longest_wait_ns = longest_wait_ns
        self._bench: list[User] = []
        self._done: list[Step] = []
        self._level = _Level(load.from_, 0, None)
        self._begun = False

    @property
    def at_work(self) -> int:
        return super().at_work - len(self._bench)

    def _recruit(self, now: int) -> None:
        if self._bench:
            self._bench.pop().wake()
        else:
            super()._recruit(now)

    def _dismiss(self, user: User) -> None:
        self._bench.append(user)

    def advance(self, now: int) -> int:
        if not self._begun:
            self._begun = True
            self.crew.recorder.begin_step()
        due = super().advance(now)
        self._look(now)
        return min(due, now + _LOOK_NS if self._level.measured_from_ns is None else self._until(now))

    def _until(self, now: int) -> int:
        return max(self._level.measured_until_ns, now + NS_PER_MS)

    def _look(self, now: int) -> None:
        level = self._level
        if level.measured_from_ns is not None:
            if now >= level.measured_until_ns:
                self._end_measuring(level, now)
        elif now - level.begun_ns >= settle_s(level.expected_s) * NS_PER_S and self.at_work == level.users:
            self._end_settling(level, now)

    def _end_settling(self, level: _Level, now: int) -> None:
        """The level is measured from now on, unless its own answers say that this is too early."""
        so_far = self.crew.recorder.step_so_far()
        answered = so_far.totals.successes + so_far.totals.failures >= min(level.users, 2)
        mean_s = _mean_s(so_far)
        settled_s = (now - level.begun_ns) / NS_PER_S
        if settled_s * NS_PER_S < _LONGEST_SETTLING_NS and (not answered or settled_s < settle_s(mean_s)):
            return
        self.crew.recorder.begin_step()
        level.measured_from_ns = now
        seconds = measure_s(self._load, mean_s if mean_s is not None else level.expected_s)
        level.measured_until_ns = now + round(seconds * NS_PER_S)

    def _end_measuring(self, level: _Level, now: int) -> None:
        recorder, host = self.crew.recorder, self.crew.host
        begun_ns = level.measured_from_ns
        assert begun_ns is not None
        so_far = recorder.step_so_far()
        ended = so_far.totals.successes + so_far.totals.failures
        if not ended and now < begun_ns + self._longest_wait_ns:
            level.measured_until_ns = now + _LOOK_NS
            return
        origin_ns = host.origin_ns
        recorder.end_step(level.users, origin_ns + begun_ns, origin_ns + now, begun_ns - level.begun_ns)
        mean_s = _mean_s(so_far)
        rate = so_far.totals.successes / ((now - begun_ns) / NS_PER_S)
        share = so_far.totals.successes / ended if ended else 0.0
        self._done.append(Step(level.users, rate, mean_s, share))
        users = next_level(self._load, self._done)
        if users is None:
            host.finish("duration")
        else:
            expected_s = None if mean_s is None else mean_s * max(1.0, users / level.users)
            self._begin(_Level(users, now, expected_s))

    def _begin(self, level: _Level) -> None:
        self._level = level
        self.crew.recorder.begin_step()
        self.crew.host.ring_soon()

    def resume(self, now: int) -> None:
        """The level that the pause broke into begins again."""
        super().resume(now)
        self._begin(_Level(self._level.users, now, self._level.expected_s))


def _mean_s(stats: EndpointStats) -> float | None:
    mean_ns = stats.response.mean_ns
    return None if mean_ns is None else mean_ns / NS_PER_S
