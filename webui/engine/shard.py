"""One shard's life: users start on schedule, the load ends, what is under way finishes or is cut off.

    RUNNING -> ENDING -> DONE

The load ends by duration, by iterations or by a stop. With iterations everything begun is waited for (the
timeout bounds it); otherwise for the grace that the plan or the stop gives.
"""

import asyncio
from collections.abc import Callable
from random import Random
from time import perf_counter_ns as clock

from webui.engine.health import HealthMeter
from webui.engine.messages import Reason, ShardSpec
from webui.engine.origin import Origins
from webui.engine.recorder import Recorder
from webui.engine.schedule import Timetable
from webui.engine.template import Template
from webui.engine.user import Surroundings, User
from webui.engine.work import budgeted, pauses, picks
from webui.plan.load import ConstantUsers, planned_s, split_evenly
from webui.plan.model import Plan
from webui.plan.pacing import users_at
from webui.units import NS_PER_MS, NS_PER_S

TICK_NS = 10 * NS_PER_MS
STOP_GRACE_NS = 500 * NS_PER_MS
_SPAWN_AT_ONCE = 32  # a millisecond, so that a target's queue of new connections doesn't overflow
_SHORTEST_SWEEP_NS = TICK_NS
_LONGEST_SWEEP_NS = 250 * NS_PER_MS

OnTick = Callable[[int], None]


def _share_of(plan: Plan, spec: ShardSpec) -> ConstantUsers:
    load = plan.load
    assert isinstance(load, ConstantUsers)
    users = split_evenly(load.users, spec.shards)[spec.shard]
    return ConstantUsers(users=users, spawn_rate=load.spawn_per_s * users / load.users)


class Shard:
    """Runs `spec.users` users from `start` until `done`. `on_tick` is called with the time, every 10 ms."""

    def __init__(
        self, spec: ShardSpec, plan: Plan, templates: list[Template], origins: Origins, on_tick: OnTick
    ) -> None:
        self._loop = loop = asyncio.get_running_loop()
        random = Random()
        weights = [request.weight for request in plan.requests]
        # per shard
        self.start_ns = now = clock()
        self.recorder = Recorder([len(template.data) for template in templates], now)
        self.health = HealthMeter(now)
        self.done: asyncio.Future[None] = loop.create_future()
        self.around = Surroundings(
            loop=loop,
            recorder=self.recorder,
            origins=origins,
            take=budgeted(picks(templates, weights, random), spec.iterations),
            pause=pauses(*plan.think_time_s, random),
            wake_at=self._wake_at,
            idle=lambda user: user.retire(),
            retired=self._user_retired,
            keepalive=plan.http.keepalive,
            timeout_ns=round(plan.http.timeout_s * NS_PER_S),
        )
        self._on_tick = on_tick
        self._load = _share_of(plan, spec)
        self._grace_ns = round(plan.graceful_stop_s * NS_PER_S)
        duration_s = planned_s(plan.load)
        self._ends_ns = None if duration_s is None else now + round(duration_s * NS_PER_S)
        # how far it has come
        self.active = 0  # users started and not retired
        self.reason: Reason | None = None
        self._users: list[User] = []
        self._ended_ns = 0
        self._cut_off_ns: int | None = None
        self._timetable: Timetable[User] = Timetable()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_ns = 0
        self._next_tick_ns = now + TICK_NS
        self._swept = 0  # how far the sweep for timeouts has come in the list of users

    def start(self) -> None:
        """Starts the first users and the clockwork."""
        self._at(self._next_tick_ns, self._tick)
        self._ring()

    def stop(self) -> None:
        """Ends the load: what is under way has half a second, or the plan's grace where that is shorter."""
        self.end_load("stopped", min(self._grace_ns, STOP_GRACE_NS))

    @property
    def load_ns(self) -> int:
        """How long load was offered. With iterations: until the last answer, for the last users to begin
        are still at work while others have nothing left to do."""
        end = self._ended_ns or clock()
        return end - self.start_ns

    @property
    def ending(self) -> bool:
        """Whether no more requests are begun."""
        return self.reason is not None

    # -- users

    def _user_retired(self, user: User) -> None:
        self.active -= 1
        if not self.ending:  # there was nothing left for it to do
            self.end_load("iterations", None)
        if not self.active:
            self._finish()

    def end_load(self, reason: Reason, grace_ns: int | None) -> None:
        """Begins no more requests, and waits that long for those under way (None: until they end)."""
        now = clock()
        if grace_ns is not None:
            limit = now + grace_ns
            self._cut_off_ns = limit if self._cut_off_ns is None else min(limit, self._cut_off_ns)
        if self.reason is None:
            self.reason = reason
            self._ended_ns = now
            self.around.ended, self.around.take = True, lambda: None
            self._timetable.clear()
            for user in self._users:
                user.end(finish_connecting=reason == "iterations")
            if not self.active:
                self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            if self.reason == "iterations":
                self._ended_ns = clock()
            self.done.set_result(None)

    def _start_due_users(self, now: int) -> None:
        due = users_at(self._load, (now - self.start_ns) / NS_PER_S)
        for _ in range(min(due - len(self._users), _SPAWN_AT_ONCE)):
            self.health.schedule_lag.add(now - self._user_due_ns(len(self._users)))
            user = User(self.around)
            self._users.append(user)
            self.active += 1
            user.wake()
            if self.ending:
                return

    def _user_due_ns(self, number: int) -> int:
        return self.start_ns + round(number / self._load.spawn_per_s * NS_PER_S)

    # -- time

    def _wake_at(self, due_ns: int, user: User) -> None:
        self._timetable.add(due_ns, user)
        if self._alarm is None or due_ns < self._alarm_ns:
            self._set_alarm(due_ns)

    def _set_alarm(self, due_ns: int) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_ns = due_ns
        self._alarm = self._at(due_ns, self._ring)

    def _at(self, due_ns: int, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Calls it then. The event loop's timers are whole milliseconds: rounded up, and still it may be
        a fraction of one too early."""
        delay_ms = max(1, -(-(due_ns - clock()) // NS_PER_MS))
        return self._loop.call_later(delay_ms / 1000, callback)

    def _ring(self) -> None:
        """Starts users and goes on with those whose pause is over."""
        self._alarm = None
        if self.ending:
            return
        now = clock()
        if len(self._users) < self._load.users:
            self._start_due_users(now)
        for due_ns, user in self._timetable.due(now):
            self.health.schedule_lag.add(now - due_ns)
            user.wake()
        due = [] if (next_ns := self._timetable.next_ns) is None else [next_ns]
        if len(self._users) < self._load.users:
            due.append(self._user_due_ns(len(self._users)))
        if due and not self.ending:
            self._set_alarm(min(due))

    def _tick(self) -> None:
        now = clock()
        if now < self._next_tick_ns:
            self._at(self._next_tick_ns, self._tick)
            return
        self.health.loop_lag.add(now - self._next_tick_ns)
        self.recorder.sample_in_flight(now)
        self.recorder.fold_large()
        self._sweep(now)
        if self._ends_ns is not None and now >= self._ends_ns:
            self._ends_ns = None
            self.end_load("duration", self._grace_ns)
        if self._cut_off_ns is not None and now >= self._cut_off_ns:
            for user in self._users:
                user.cut_off()
        if self.done.done():
            return
        self._on_tick(now)
        elapsed = clock() - self.start_ns
        self._next_tick_ns = self.start_ns + (elapsed // TICK_NS + 1) * TICK_NS
        self._at(self._next_tick_ns, self._tick)

    def _sweep(self, now: int) -> None:
        """Looks for timeouts at some of the users, so that all are seen within a twentieth of the timeout."""
        period = min(max(self.around.timeout_ns // 20, _SHORTEST_SWEEP_NS), _LONGEST_SWEEP_NS)
        share = -(-len(self._users) * TICK_NS // period)
        for user in self._users[self._swept : self._swept + share]:
            user.check_timeout(now)
        self._swept += share
        if self._swept >= len(self._users):
            self._swept = 0
