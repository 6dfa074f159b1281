"""One live run in memory: what its shards report becomes its series, its total and its events."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from webui.analysis.baseline import Baseline
from webui.analysis.results import NOTHING
from webui.errors import Conflict
from webui.metrics import codec
from webui.metrics.series import Change, Series
from webui.metrics.snapshot import Snapshot, merge_time
from webui.metrics.thresholds import parse
from webui.plan.model import Plan
from webui.runs.audit import audit_of
from webui.runs.books import closing
from webui.runs.broadcast import Channel, Kind, RunEvent
from webui.runs.changes import (
    ChangeKind,
    RunChange,
    Wanted,
    changes_nothing,
    check_fits,
    confirmed,
    offered_s,
    paused_s,
    planned_end_s,
)
from webui.runs.merging import Merger, Released
from webui.runs.model import RunView
from webui.runs.outcome import CutShort, Ending, Judged, ShardEnd, abort_reason, broken_rule, ending_of
from webui.runs.state import RunStatus, step
from webui.store import RunChanges
from webui.units import NS_PER_S

MAX_CHANGES = 1000
BEHIND_LIMIT = 30  # intervals that a shard may lag behind another before it is given up

_NOT_CHANGED = {
    RunStatus.QUEUED: "This test has not started yet; change its plan instead.",
    RunStatus.STOPPING: "This test is being stopped.",
}

Listener = Callable[[RunEvent], None]


def utc_now() -> datetime:
    """The wall clock, for display only."""
    return datetime.now(UTC)


class LiveRun:
    """A run from its creation to its end. For the event loop's thread; it never waits for anybody."""

    def __init__(
        self,
        run_id: str,
        plan: Plan,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        # fixed
        self.id = run_id
        self.plan = plan
        self.created_at = now()
        self._clock = clock
        self._now = now
        # state
        self.name = plan.title
        self.tags: Sequence[str] = plan.tags
        self.note = plan.note
        self.status = RunStatus.QUEUED
        self.reason = ""
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.queue_position: int | None = None
        self.unsaved: str | None = None
        self.baseline: Baseline | None = None  # set before it starts
        self._started_clock: float | None = None
        self._load_started = False  # a shard has said so
        self._warming: dict[int, tuple[int, int]] = {}  # by shard: users, requests sent so far
        self.heard_at = 0.0  # when the last event of a shard came, by this process's clock
        self._cut_short = CutShort()
        self._asked: list[RunChange] = []  # changes, whether engines have applied them yet or not
        # measured
        self.series = Series()
        self.total: Snapshot | None = None
        self._merger = Merger.of(0)
        self._ends: dict[int, ShardEnd] = {}
        self.shards = 0  # engine processes, 0 before the start
        # told
        self.channel = Channel()
        self.shards_ended = asyncio.Event()
        self.on_event: Listener = _nobody
        self.on_row: Callable[[Change], None] = _nobody
        self.on_hung: Callable[[int], None] = _nobody
        self.on_abort: Callable[[str], None] = _nobody

    # -- its life --------------------------------------------------------------------------------------

    def queued(self, position: int) -> None:
        """It waits; 1 is next. That others before it have begun is news for who looks at it alone: with
        hundreds in the queue each start would be hundreds of events."""
        news = self.queue_position is None or (position != self.queue_position and self.channel.watched)
        self.queue_position = position
        if news:
            self._publish("status")

    def starting(self, shards: int) -> None:
        """Its turn has come: its shards are being started."""
        self.status = step(self.status, RunStatus.RUNNING)
        self.queue_position = None
        self.shards = shards
        self.heard_at = self._clock()
        self._merger = Merger.of(shards)
        self._mark_start()
        self._publish("status")

    def stopping(self, reason: str) -> None:
        """Somebody pressed Stop; more than once changes nothing."""
        self._end_early(reason, replace(self._cut_short, stopped=reason))

    def aborting(self, reason: str) -> None:
        """A threshold does not hold, and the plan says to stop then."""
        self._end_early(reason, replace(self._cut_short, aborted=reason))

    def _end_early(self, reason: str, cut_short: CutShort) -> None:
        if self.status is RunStatus.RUNNING:
            self.status = step(self.status, RunStatus.STOPPING)
            self.reason, self._cut_short = reason, cut_short
            self._publish("status")

    def change(self, wanted: Sequence[Wanted]) -> list[RunChange]:
        """Notes what is to be changed while it runs; returns the changes to tell the engines. What changes
        nothing is left out. Raises Conflict, and then nothing of it is done."""
        if self.status is not RunStatus.RUNNING:
            raise Conflict(_NOT_CHANGED.get(self.status, "This test has ended already."))
        if self.warming_up:
            raise Conflict("This test is warming up; its load can be changed when that is over.")
        for each in wanted:
            check_fits(self.plan.load, each, self.planned_s)
        if len(self._asked) + len(wanted) > MAX_CHANGES:
            raise Conflict(f"A test can be changed {MAX_CHANGES:,} times at most.")
        made = [
            self._ask(*each) for each in wanted if not changes_nothing(self.plan.load, self.changes, each)
        ]
        if made:
            self._publish("status")
        return made

    def _ask(self, kind: ChangeKind, value: float | None) -> RunChange:
        change = RunChange(len(self._asked) + 1, kind, value, self.elapsed_s, applied=False)
        self._asked.append(change)
        return change

    def label(self, labels: RunChanges) -> None:
        """Sets name, tags or note, where they are given."""
        self.name = labels.get("name", self.name)
        self.tags = labels.get("tags", self.tags)
        self.note = labels.get("note", self.note)
        if not self.channel.closed:
            self._publish("status")

    def interrupting(self, reason: str) -> None:
        """Katydid ends, and the run with it."""
        self._cut_short = replace(self._cut_short, interrupted=reason)

    def ending(self) -> Ending:
        """The verdict on what the shards reported."""
        ends = [self._ends[shard] for shard in sorted(self._ends)]
        judged = Judged(self._trustworthy(), self._baseline_values)
        return ending_of(self.plan, self.total, self.load_s, ends, self._cut_short, judged)

    @property
    def _baseline_values(self) -> Mapping[str, float | None]:
        return self.baseline.values if self.baseline is not None else NOTHING

    def _trustworthy(self) -> bool | None:
        """The audit's verdict where a threshold asks for it: finding it takes a while."""
        if not any(parse(rule).metric == "audit" for rule in self.plan.thresholds):
            return None
        rows, live = self.series.snapshots, not self.shards_ended.is_set()
        return audit_of(self.plan, rows, self.total, self.shards, self.shards_lost, live).trustworthy

    def finish(self, ending: Ending) -> None:
        """Its final status; not told to viewers yet."""
        self.status = step(self.status, ending.status)
        self.reason = ending.reason
        self.ended_at = self._now()
        self.queue_position = None

    def announce_end(self) -> None:
        """Tells viewers that it has ended, and ends their streams."""
        self._publish("finished")
        self.channel.close()

    # -- what its shards report ------------------------------------------------------------------------

    def receive(self, event: dict[str, Any]) -> None:
        """Takes one event of a shard, in order; after the shard's last one nothing more."""
        shard = event["shard"]
        self.heard_at = self._clock()
        if shard in self._ends:
            return
        try:
            self._take_event(shard, event)
        except ValueError as error:  # of another version, or damaged: this shard cannot go on
            self._end(shard, ShardEnd("failed", f"An engine sent what cannot be read: {error}."))
            self.on_hung(shard)

    def _take_event(self, shard: int, event: dict[str, Any]) -> None:
        if event["type"] == "started":
            self._shard_started()
        elif event["type"] == "warming":
            self._warming[shard] = (event["users"], event["sent"])
            self._publish("status")
        elif event["type"] == "snapshot":
            self._take(self._merger.add(shard, event["index"], codec.unpack(event["data"])))
            for hung in self._merger.behind(BEHIND_LIMIT):
                self.on_hung(hung)
        else:
            self._end(shard, ShardEnd.of(event))

    def end_all(self, reason: str) -> None:
        """Nothing more is waited for: shards that have not ended are lost."""
        for shard in range(self.shards):
            if shard not in self._ends:
                self._end(shard, ShardEnd("lost", reason))

    def _end(self, shard: int, end: ShardEnd) -> None:
        self._ends[shard] = end
        self._take(self._merger.end(shard))
        if len(self._ends) == self.shards:
            if self.shards_lost:
                self._close_books()
            self.shards_ended.set()

    def _close_books(self) -> None:
        """What lost engines had in flight was cut off."""
        if self.total is None:
            return
        missing = closing(self.total, self.series.snapshots[-1])
        if missing is not None:
            self.total = merge_time([self.total, missing])
            self._changed(self.series.amend(missing))

    def _shard_started(self) -> None:
        if not self._load_started:
            self._load_started = True
            self._mark_start()
            self._publish("status")

    def _mark_start(self) -> None:
        self.started_at = self._now()
        self._started_clock = self._clock()

    def _take(self, released: Released) -> None:
        for index, snapshot in released:
            change = self.series.add(index, snapshot)
            self.total = snapshot if self.total is None else merge_time([self.total, snapshot])
            self._changed(change)
        if released:
            self._abort_on_fail()

    def _changed(self, change: Change) -> None:
        self.on_row(change)
        self._publish("snapshot", change)

    def _abort_on_fail(self) -> None:
        after_s = self.plan.abort_on_fail_after_s
        if after_s is None or self.status is not RunStatus.RUNNING or self.total is None:
            return
        measured_s = self.total.end_ns / NS_PER_S
        if measured_s < after_s or self.shards_ended.is_set():
            return
        judged = Judged(self._trustworthy(), self._baseline_values)
        broken = broken_rule(self.plan, self.total, self.load_s, judged)
        if broken is not None:
            self.on_abort(abort_reason(broken, measured_s))

    # -- what others see -------------------------------------------------------------------------------

    @property
    def shards_lost(self) -> int:
        """How many engines ended without finishing."""
        return sum(end.kind != "finished" for end in self._ends.values())

    @property
    def warming_up(self) -> bool:
        """Whether its engines start or warm the target up: no load that counts has begun."""
        return bool(self.plan.warmup_s) and not self._load_started and self.status is RunStatus.RUNNING

    @property
    def elapsed_s(self) -> float:
        """Since the load began: by this process's clock while it goes on, then by the shards' own."""
        if self._started_clock is None or self.warming_up:
            return 0.0
        if self.status.live and not self.shards_ended.is_set():
            return max(0.0, self._clock() - self._started_clock)
        return self.total.end_ns / 1e9 if self.total is not None else 0.0

    @property
    def load_s(self) -> float:
        """How long load was offered so far, pauses taken off, by the shards' own clocks."""
        told = [end.load_ns for end in self._ends.values() if end.load_ns is not None]
        if told and len(self._ends) == self.shards:
            return max(told) / NS_PER_S
        measured = self.total.end_ns / NS_PER_S if self.total is not None else 0.0
        return offered_s(measured, self.planned_s, self.changes)

    @property
    def changes(self) -> list[RunChange]:
        """What was changed, in order; of an ended run only what took effect."""
        marks = self.total.marks if self.total is not None else ()
        changes = confirmed(self._asked, marks)
        return changes if self.status.live else [change for change in changes if change.applied]

    @property
    def planned_s(self) -> float | None:
        """When its load ends, since its start; None where that is not known."""
        return planned_end_s(self.plan.load, self.changes, self.elapsed_s)

    def view(self, seq: int | None = None) -> RunView:
        """The run as it stands, as of event `seq`; the newest one without it."""
        return RunView(
            id=self.id,
            name=self.name,
            plan=self.plan,
            status=self.status,
            status_reason=self.reason,
            tags=self.tags,
            note=self.note,
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            queue_position=self.queue_position,
            shards=self.shards,
            shards_lost=self.shards_lost,
            planned_s=self.planned_s,
            elapsed_s=self.elapsed_s,
            paused_s=paused_s(self.changes, self.elapsed_s),
            changes=self.changes,
            load_s=self.load_s,
            snapshots=self.series.snapshots,
            total=self.total,
            seq=seq or self.channel.seq,
            unsaved=self.unsaved,
            baseline=self.baseline,
            warming=self._warmed_so_far if self.warming_up else None,
        )

    @property
    def _warmed_so_far(self) -> tuple[int, int]:
        """Users and requests sent, of all engines."""
        told = self._warming.values()
        return sum(users for users, _ in told), sum(sent for _, sent in told)

    def _publish(self, kind: Kind, change: Change | None = None) -> None:
        event = RunEvent(
            run_id=self.id,
            seq=self.channel.seq + 1,
            kind=kind,
            view=self.view(self.channel.seq + 1),
            row=self.series.rows[change.position] if change else None,
            position=change.position if change else None,
            compacted=change.compacted if change else False,
        )
        self.channel.publish(event)
        self.on_event(event)


def _nobody(_: Any) -> None:
    """Listens to nothing."""
