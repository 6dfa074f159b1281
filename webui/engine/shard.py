"""One shard's life: connections are made ready, load goes on and ends, what is under way finishes.

    PREPARING -> (WARMING ->) RUNNING <-> PAUSED
         └-----------┴-----------┴---------┴--> ENDING -> DONE

The load ends by duration, by iterations (or bursts) or by a stop. With iterations everything begun is waited
for (the timeout bounds it); otherwise for the grace that the plan or the stop gives, then cut off.
In a pause the shape's clock stands still, so that the planned end moves back. It begins with the warm-up,
whereas the run, and all that is reported of it, begins with what follows that.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from time import perf_counter_ns as clock

from webui.engine.alarm import Alarm
from webui.engine.canary import Canary
from webui.engine.control import Change
from webui.engine.crew import Crew, share_of_a_tick
from webui.engine.descriptors import allow_connections
from webui.engine.driving import is_open, shape_of
from webui.engine.health import HealthMeter
from webui.engine.hiring import let_repeat, maker, surroundings_of
from webui.engine.messages import Reason, ShardSpec
from webui.engine.origin import Origins
from webui.engine.probelog import ProbeLog
from webui.engine.recorder import Recorder
from webui.engine.schedule import NEVER
from webui.engine.tally import fold
from webui.engine.template import Template
from webui.engine.user import User
from webui.engine.work import draw
from webui.metrics.snapshot import Mark
from webui.plan.load import Sweep, planned_s
from webui.plan.model import Plan
from webui.units import NS_PER_MS, NS_PER_S

TICK_NS = 10 * NS_PER_MS
STOP_GRACE_NS = 500 * NS_PER_MS
PREPARE_NS = 5 * NS_PER_S  # how long the load waits for connections that are made ahead
_FOLD_AT = 4096  # durations: some 200 microseconds of work
_SAMPLE_NS = 20 * NS_PER_MS  # twice the mean time between two looks at how many requests are in flight

OnTick = Callable[[int], None]


class Shard:
    """Runs the shape from `start` until `done`. `on_tick` is called with the time, every 10 ms."""

    def __init__(
        self,
        spec: ShardSpec,
        plan: Plan,
        templates: list[Template],
        origins: Origins,
        on_tick: OnTick,
        canary: Canary | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._random = Random()
        # per shard
        now = clock()
        sizes = [len(template.data) for template in templates]
        self.recorder = Recorder(sizes, now, open_model=is_open(plan))
        self._alarm = Alarm(self._loop, self._ring, precise=is_open(plan))
        self.health = HealthMeter(now, lambda: self._alarm.spun_ns)
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.around = surroundings_of(plan, origins, self.recorder, self._random, self)
        weights = [request.weight for request in plan.requests]
        self._draw = partial(draw, weights, self._random, spec.iterations)
        make, choose = maker(plan, self.around), self._draw(templates)
        self.crew = Crew(self.around, make, choose, spec, self._random, self.health, self)
        self.probes = ProbeLog(canary, sweep=isinstance(plan.load, Sweep))
        self.shape = shape_of(plan, self.crew, templates, self.probes)
        let_repeat(plan, templates, self.around)
        self._canary = canary
        self._swept_share = share_of_a_tick(self.around.timeout_ns, TICK_NS)
        self._origins = len(origins)
        self._on_tick = on_tick
        self._grace_ns = round(plan.graceful_stop_s * NS_PER_S)
        duration_s = planned_s(plan.load)
        self._templates = templates
        self._warmup_ns = round(plan.warmup_s * NS_PER_S)
        # on the shape's clock
        self._ends_ns = None if duration_s is None else self._warmup_ns + round(duration_s * NS_PER_S)
        # how far it has come
        self.start_ns = self.origin_ns = now
        self.warming = bool(self._warmup_ns)
        self.reason: Reason | None = None
        self._paused_ns: int | None = None  # since when
        self._ended_ns = 0
        self._cut_off_ns: int | None = None
        self._next_tick_ns = 0
        self._tick_late_ns = self._start_late_ns = NEVER
        self._next_sample_ns = 0
        self._soon = False  # the shape is to go on at once
        self._at_it = False  # doing what is due

    # -- its life

    async def prepare(self) -> None:
        """Makes what connections the shape wants to have before it begins, in reasonable time."""
        limit_ns = clock() + min(PREPARE_NS, self.around.timeout_ns)
        # A loop, for this is also the pace at which connections are begun.
        while not self.ending and not self.shape.prepare() and clock() < limit_ns:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    def start(self) -> None:
        """Begins the load."""
        now = clock()
        self.origin_ns = now
        self.recorder.begin(now)
        self.health.begin(now)
        self._begin(now)
        self._at(self._next_tick_ns, self._tick)
        self._ring()

    def _begin(self, now: int) -> None:
        self.start_ns = self._next_sample_ns = now
        self._next_tick_ns = now + TICK_NS
        if self._canary is not None and not self.warming and not self.ending:
            self.probes.begin(now)

    def end_warmup(self) -> None:
        """The run begins: what began before is in none of its figures."""
        now = clock()
        self.warming = False
        self.recorder.end_warmup(now)
        self.crew.draw_anew(self._draw([replace(template) for template in self._templates]))
        self.health.take(now)
        self._begin(now)

    def stop(self) -> None:
        """Ends the load: what is under way has half a second, or the plan's grace where that is shorter."""
        self._end_load("stopped", min(self._grace_ns, STOP_GRACE_NS))

    def change(self, change: Change) -> None:
        """Does what was asked for, if it has a meaning now, and marks it."""
        now = clock()
        if not self.ending and self._change(change, now):
            mark = Mark(change.number, now - self.start_ns, change.kind, change.value)
            self.recorder.marks.append(mark)
            self._ring()

    @property
    def load_ns(self) -> int:
        """How long load was offered, pauses left out. With iterations: until the last answer, for the last
        users to begin are still at work while others have nothing left to do."""
        end = self._ended_ns or clock()
        return max(0, end - self.origin_ns - self._warmup_ns)

    @property
    def ending(self) -> bool:
        """Whether no more requests are begun."""
        return self.reason is not None

    @property
    def connections_open(self) -> int:
        """The load's, and the canary's."""
        canary = self._canary
        return self.recorder.connections_open + (canary.recorder.connections_open if canary else 0)

    @property
    def active(self) -> int:
        """Users that have not retired."""
        return self.crew.active

    def finish(self, reason: Reason) -> None:
        """The shape has ended the load by itself."""
        self._end_load(reason, None if reason == "iterations" else self._grace_ns)

    def _end_load(self, reason: Reason, grace_ns: int | None) -> None:
        """Begins no more requests, and waits that long for those under way (None: until they end)."""
        now = clock()
        if grace_ns is not None:
            limit = now + grace_ns
            self._cut_off_ns = limit if self._cut_off_ns is None else min(limit, self._cut_off_ns)
        if self.reason is None:
            self._end_pause(now)
            self.reason = reason
            self._start_late_ns = NEVER
            self._ended_ns = now
            if self._canary is not None:
                self._canary.stop()
            self.crew.end_all(finish_connecting=reason == "iterations")
            self._done_when_empty()

    def _done_when_empty(self) -> None:
        if self.ending and not self.crew.active and not self.done.done():
            if self.reason == "iterations":
                self._ended_ns = clock()
            self._alarm.cancel()
            self.done.set_result(None)

    def close(self) -> None:
        """Lets go of what it has of the system. Only when it is done, or never will be."""
        if self.around.sockets is not None:
            self.around.sockets.close()

    # -- changes

    def _change(self, change: Change, now: int) -> bool:
        match change.kind:
            case "pause":
                return self._pause(now)
            case "resume":
                return self._end_pause(now)
            case "add_time":
                return self._add_time(change.value or 0.0)
            case kind:
                if kind == "users":
                    allow_connections(int(change.value or 0) * self._origins)
                return self.shape.change(kind, change.value or 0.0, self.now_ns())

    def _pause(self, now: int) -> bool:
        if self._paused_ns is not None:
            return False
        self._advance(now)  # what was due before
        if self.ending:
            return False
        self.shape.pause(now - self.origin_ns)
        self._paused_ns = now
        self.crew.paused = True
        self.probes.pause(paused=True)
        self.crew.hold()
        return True

    def _end_pause(self, now: int) -> bool:
        if self._paused_ns is None:
            return False
        self.origin_ns += now - self._paused_ns
        self._paused_ns = None
        self.crew.paused = False
        self.probes.pause(paused=False)
        self.shape.resume(self.now_ns())
        return True

    def _add_time(self, seconds: float) -> bool:
        if self._ends_ns is None:
            return False
        self._ends_ns += round(seconds * NS_PER_S)
        return True

    # -- what users report

    def idle(self, user: User) -> None:
        """It rests, with nothing to do."""
        if self.ending:
            user.retire()
        else:
            self.shape.idle(user)

    def retired(self, user: User) -> None:
        """It has ended."""
        self.crew.note_retired()
        if self.ending:
            self._done_when_empty()
        else:
            self.shape.retired(user)

    def wake_at(self, due_ns: int, user: User) -> None:
        """It goes on then."""
        first = self.crew.resting.next_ns
        self.crew.resting.add(due_ns, user)
        if first is None or due_ns < first:
            self._alarm.set_earlier(due_ns)

    # -- time

    def now_ns(self) -> int:
        """The time of the shape, which stands still in a pause."""
        return (self._paused_ns or clock()) - self.origin_ns

    def ring_soon(self) -> None:
        """Has the shape go on."""
        self._soon = True
        self._alarm.set_earlier(clock())

    def _ring(self) -> None:
        """Does what is due, and sees to it that this goes on."""
        self._at_it = True
        try:
            self._do_due(clock())
        finally:
            self._at_it = False

    def _do_due(self, now: int) -> None:
        if now >= self._next_sample_ns:
            self._sample(now)
        if self.ending:
            return
        self._soon = False
        due_ns = min(self._advance(now), self._next_sample_ns)
        if self._canary is not None and not self.ending:
            due_ns = min(due_ns, self._canary.advance(now))
        if not self.ending:
            next_ns = self.crew.resting.next_ns
            due_ns = now if self._soon else due_ns
            due_ns = due_ns if next_ns is None else min(due_ns, next_ns)
            self._alarm.set(due_ns)
            if self.shape.open:
                self._start_late_ns = due_ns
                self._note_late()

    def _note_late(self) -> None:
        """From when on users who get an answer do what the timers should have done."""
        self.around.late_ns = min(self._start_late_ns, self._tick_late_ns)

    def catch_up(self) -> None:
        """The timers are late, or a start is: with many answers at once, the alarm would ring after all of
        them. Not while they are at it: what they do may end a request, too."""
        if self._at_it or self.done.done():
            return
        now = clock()
        if now > self._tick_late_ns:
            self._do_tick(now)
        if not self.done.done():
            self._ring()

    def _advance(self, now: int) -> int:
        """The shape, the end by plan, and the users whose pause is over. When the first two go on."""
        due_ns = NEVER
        if self._paused_ns is None:
            due_ns = self._advance_shape(now - self.origin_ns) + self.origin_ns
        resting, lag = self.crew.resting, self.health.schedule_lag
        if resting:
            for user_due_ns, user in resting.due(now):
                if user.resting:
                    lag.add(now - user_due_ns)
                    user.wake()
        return due_ns

    def _advance_shape(self, now: int) -> int:
        if self.warming:
            if now < self._warmup_ns:
                return min(self.shape.advance(now), self._warmup_ns)
            self.shape.close(self._warmup_ns)
            self.end_warmup()
        ends_ns = self._ends_ns
        if ends_ns is None:
            return self.shape.advance(now)
        if now < ends_ns:
            return min(self.shape.advance(now), ends_ns)
        self.shape.close(ends_ns)
        if not self.ending:
            self._end_load("duration", self._grace_ns)
        return NEVER

    def _sample(self, now: int) -> None:
        """At random times: at regular ones all of them could meet the same moment of regular starts."""
        self.recorder.sample_in_flight(now)
        self._next_sample_ns = now + round(self._random.uniform(0, _SAMPLE_NS))

    def _at(self, due_ns: int, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Calls it then. The event loop's timers are whole milliseconds: rounded up, and still it may be
        a fraction of one too early."""
        delay_ms = max(1, -(-(due_ns - clock()) // NS_PER_MS))
        return self._loop.call_later(delay_ms / 1000, callback)

    def _tick(self) -> None:
        now = clock()
        if now >= self._next_tick_ns:
            self._do_tick(now)
        if not self.done.done():
            self._at(self._next_tick_ns, self._tick)

    def _do_tick(self, now: int) -> None:
        self._at_it = True
        try:
            self._look_around(now)
        finally:
            self._at_it = False
        elapsed = clock() - self.start_ns
        self._next_tick_ns = self.start_ns + (elapsed // TICK_NS + 1) * TICK_NS
        self._tick_late_ns = self._next_tick_ns + TICK_NS
        self._note_late()

    def fold(self, at_least: int = 1) -> None:
        """Counts durations and lags into buckets, if that many wait."""
        fold([*self.recorder.tallies(), *self.health.tallies], at_least)

    def _look_around(self, now: int) -> None:
        self.health.loop_lag.add(now - self._next_tick_ns)
        if self.ending:
            self.recorder.sample_in_flight(now)
        self.fold(_FOLD_AT)
        self.crew.sweep(now, self._swept_share)
        if self._cut_off_ns is not None and now >= self._cut_off_ns:
            self.crew.cut_off_all()
        if not self.done.done():
            self._on_tick(now)
