"""A sweep: carries out one act after the other, as `sweep.planner` asks for them, and keeps their records.

Each kind of act is a script: a generator that does what is due, and yields when it wants to go on. An act
that a pause broke into begins again. Users who are too many for an act leave, and close their connection:
on some servers an idle connection takes a place.
"""

from collections.abc import Iterator
from random import Random
from typing import cast

from webui.engine.choosing import choose_canary, measure_idle_canary
from webui.engine.closed import UsersShape
from webui.engine.crew import Crew
from webui.engine.leveling import measure_level
from webui.engine.probelog import ProbeLog
from webui.engine.schedule import NEVER
from webui.engine.tapped import TappedUser
from webui.engine.template import Template
from webui.engine.user import User
from webui.engine.volleys import fire_volley
from webui.metrics.probing import Activity, BurstStats, CanaryRecord
from webui.metrics.snapshot import StepStats, Totals
from webui.plan.load import Sweep
from webui.sweep.acts import Act, ChooseCanary, IdleCanary, Level, Volley
from webui.sweep.planner import Record, next_act
from webui.units import NS_PER_MS, NS_PER_S

MOST_ACTS = 500  # a sweep that knows nothing after so many never will
_CATCH_UP_MS = 5
_QUICK = 2000  # new users are begun so much faster than one a millisecond where there are more than this


class SweepShape(UsersShape):
    """Ends by itself: when the planner knows enough. `longest_wait_ns` is what one request may take."""

    def __init__(self, crew: Crew, load: Sweep, probes: ProbeLog, longest_wait_ns: int) -> None:
        super().__init__(crew, lambda _: self._wanted)
        crew.around.at_once = False  # every outcome is looked at
        self.load = load
        self.probes = probes
        self.canary = probes.canary
        self.longest_wait_ns = longest_wait_ns
        self.closing = not crew.around.keepalive  # every answer ends its connection
        # the experiment so far
        self.steps: list[StepStats] = []
        self.bursts: list[BurstStats] = []
        self.canary_record: CanaryRecord | None = None
        self.canary_template: Template | None = None  # that was chosen
        self._acts = 0
        self._act: Act | None = None
        self._script: Iterator[int] | None = None
        self._due_ns = 0
        # the users
        self._wanted = 0
        self._held = True
        self.dice = Random()
        crew.hold()
        if self.canary is None:
            self.keep_canary(CanaryRecord(None, "off"))

    # -- acts

    def advance(self, now: int) -> int:
        if now >= self._due_ns:
            self._due_ns = self._go_on(now)
        users_ns = NEVER if self._held else super().advance(now)
        return min(users_ns, self._due_ns)

    def _go_on(self, now: int) -> int:
        while self._script is not None or self._begin_next(now):
            assert self._script is not None
            due_ns = next(self._script, None)
            if due_ns is not None:
                return due_ns
            self._script = None
        return NEVER

    def _begin_next(self, now: int) -> bool:
        canary = self.canary_record if self.canary is not None else None
        record = Record(tuple(self.steps), tuple(self.bursts), canary, now / NS_PER_S)
        act = next_act(self.load, record, canary_wanted=self.canary is not None)
        self._acts += 1
        if act is None or self._acts > MOST_ACTS:
            self.crew.host.finish("duration")
            return False
        self._act = act
        self.probes.activity = Activity(act.why, _users_of(act))
        self._script = self._script_of(act)
        return True

    def _script_of(self, act: Act) -> Iterator[int]:
        match act:
            case Level():
                return measure_level(self, act)
            case Volley():
                return fire_volley(self, act)
            case ChooseCanary():
                return choose_canary(self)
            case IdleCanary():
                return measure_idle_canary(self, act)

    def go_on_soon(self) -> None:
        """What the act waits for has happened."""
        if not self.crew.around.ended:
            self._due_ns = 0
            self.crew.host.ring_soon()

    def resume(self, now: int) -> None:
        """The act that the pause broke into begins again."""
        super().resume(now)
        self.crew.around.tap = None
        if self._act is not None:
            self._script, self._due_ns = self._script_of(self._act), 0

    # -- records

    def keep_step(self, step: StepStats) -> None:
        """A level was measured. The first one tells whether every answer ends its connection."""
        if not self.steps:
            ended = step.stats.totals.successes + step.stats.totals.failures
            # The close of the last one may still be on its way.
            self.closing |= step.connections_lost >= max(1, ended - 1)
        self.steps.append(step)
        self.crew.recorder.steps.append(step)

    def keep_burst(self, burst: BurstStats) -> None:
        """A burst has ended."""
        self.bursts.append(burst)
        self.probes.add_burst(burst)

    def keep_canary(self, record: CanaryRecord) -> None:
        """The canary was chosen, or measured."""
        self.canary_record = record
        self.probes.set_canary(record)

    @property
    def answer_bytes(self) -> float | None:
        """The mean size of the first level's answers; None where there was none."""
        totals = self.steps[0].stats.totals if self.steps else Totals()
        return totals.bytes_received / totals.completed if totals.completed else None

    @property
    def light_ns(self) -> float | None:
        """The mean response time of the first level; None where nothing succeeded."""
        return self.steps[0].stats.response.mean_ns if self.steps else None

    # -- users

    def work(self, users: int) -> None:
        """So many are at work from now on."""
        self._wanted, self._held = users, False
        self.dice.shuffle(self._parked)
        while self._parked and self.at_work > users:
            self._parked.pop().retire()
        self._gate()

    def rest(self) -> None:
        """Nobody begins anything; who thinks, or pauses after a failure, is woken when there is work."""
        self._held, self._surplus = True, 0
        self._gate()
        self._parked += [user for user in self.crew.resting.clear() if user.resting]

    @property
    def all_at_work(self) -> bool:
        """Whether there are as many as wanted, and none too many."""
        return not self._surplus and self.crew.active == self._wanted

    @property
    def users(self) -> list[TappedUser]:
        """Those that have not left."""
        return [cast(TappedUser, user) for user in self.crew.users if not user.is_retired]

    @property
    def parked(self) -> list[User]:
        """Who has nothing under way and asked for work in vain."""
        return self._parked

    @property
    def all_parked(self) -> bool:
        """Whether nobody has anything under way."""
        return len(self._parked) == self.crew.active

    def _gate(self) -> None:
        if self._held:
            self.crew.hold()
        else:
            super()._gate()

    def _allowance(self, now: int) -> int:
        """New connections come one by one: together they might all go to one of several workers."""
        passed_ms = min((now - self._added_ns) // NS_PER_MS, _CATCH_UP_MS)
        if not passed_ms:
            return 0
        self._added_ns = now
        return int(passed_ms) * (1 + self._wanted // _QUICK)

    def idle(self, user: User) -> None:
        # Each is as likely to leave. Were it those who ask first, whom the least busy worker serves, the ones
        # left would crowd at another. Who stays waits until all have left.
        if self.dice.random() * (self.crew.active - len(self._parked)) < self._surplus:
            super().idle(user)
        else:
            self._parked.append(user)

    def _wake_parked(self) -> None:
        if not self._surplus:
            super()._wake_parked()


def _users_of(act: Act) -> int:
    """The number that the act is about."""
    match act:
        case Level():
            return act.users
        case Volley():
            return act.size
        case _:
            return 0
