"""What pages and the API read of a run, live or stored: `RunView`, an immutable picture of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from webui.analysis.baseline import Baseline, BaselinePart, baseline_part
from webui.analysis.document import AuditPart, ChangePart, RunDocument, WarmUpPart
from webui.analysis.results import NOTHING, headline, measured_parts, queue_inside, rows, warmup_part
from webui.metrics.snapshot import Snapshot, StepStats
from webui.plan.documents import plan_to_data
from webui.plan.model import Plan
from webui.runs.audit import audit_of
from webui.runs.changes import RunChange, is_paused, rate_target, users_target
from webui.runs.state import RunStatus


@dataclass(frozen=True, kw_only=True, eq=False)
class RunView:
    """One run as it stands. `snapshots` are the rows of its series in order of time, `total` is all of
    them merged; both are empty until something was measured."""

    id: str
    name: str
    plan: Plan
    status: RunStatus
    status_reason: str = ""  # such as "By you at 11:42"; may be empty
    tags: Sequence[str] = ()
    note: str = ""
    created_at: datetime  # moments are in UTC and only for display
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue_position: int | None = None  # 1 is next; None unless it waits
    shards: int = 0  # engine processes, 0 before the start
    shards_lost: int = 0
    planned_s: float | None = None  # when its load ends, pauses and added time included; None: not known
    elapsed_s: float = 0.0
    paused_s: float = 0.0  # how much of `elapsed_s` and of `planned_s` the load was paused
    changes: Sequence[RunChange] = ()  # made while it ran, in order; those not `applied` are under way
    load_s: float = 0.0  # how long load was offered so far: the divisor of rates
    snapshots: Sequence[Snapshot] = ()
    total: Snapshot | None = None
    seq: int = 0  # of the run's last event when this view was taken: where a stream goes on
    unsaved: str | None = None  # why the newest results are not on disk yet
    stored_audit: AuditPart | None = None  # the verdict of a finished run as it was saved
    baseline: Baseline | None = None  # what it is held against, fixed when it began
    warming: tuple[int, int] | None = None  # while it warms up: users, and requests sent so far

    @property
    def live(self) -> bool:
        """Whether it has not ended yet."""
        return self.status.live

    @property
    def paused(self) -> bool:
        """Whether its load is paused, or about to be; the status stays running."""
        return self.live and is_paused(self.changes)

    @property
    def warmup(self) -> WarmUpPart | None:
        """What the warm-up was or is; None where there is none, or it has not begun."""
        if self.warming is not None:
            return WarmUpPart(under_way=True, sent=self.warming[1])
        return warmup_part(self.total)

    @property
    def users_target(self) -> int | None:
        """The number of users last asked for; None where the load's shape moves it."""
        return users_target(self.plan.load, self.changes)

    @property
    def rate_target(self) -> float | None:
        """The starts per second last asked for; None where the load's shape moves them, or plans users."""
        return rate_target(self.plan.load, self.changes)

    @property
    def steps(self) -> Sequence[StepStats]:
        """What the levels of a sweep measured, by rising number of users."""
        return sorted(self.total.steps, key=lambda step: step.users) if self.total is not None else ()

    @property
    def progress(self) -> float | None:
        """The share of the planned load that is done, 0 to 1; a pause holds it. None without planned end."""
        if self.planned_s is None:
            return None
        return min(1.0, max(0.0, self.elapsed_s - self.paused_s) / (self.planned_s - self.paused_s))

    @property
    def remaining_s(self) -> float | None:
        """Seconds of load still to come; None when that is not known."""
        if self.planned_s is None or not self.live:
            return None
        return max(0.0, self.planned_s - self.elapsed_s)

    @cached_property
    def audit(self) -> AuditPart:
        """Whether the figures can be trusted so far, and why not."""
        if self.stored_audit is not None:
            return self.stored_audit
        return audit_of(self.plan, self.snapshots, self.total, self.shards, self.shards_lost, self.live)

    @property
    def baseline_values(self) -> Mapping[str, float | None]:
        """The baseline's figures for the rules that refer to it, by their expressions."""
        return self.baseline.values if self.baseline is not None else NOTHING

    @property
    def against_baseline(self) -> BaselinePart | None:
        """How it differs from its baseline so far; None without one."""
        if self.baseline is None:
            return None
        return baseline_part(self.baseline, headline(self.total, self.load_s))

    def result(self) -> RunDocument:
        """The result document, finished or so far. Computed once."""
        return self._document

    @cached_property
    def _document(self) -> RunDocument:
        return RunDocument(
            id=self.id,
            name=self.name,
            status=self.status.value,
            status_reason=self.status_reason,
            plan=plan_to_data(self.plan),
            tags=tuple(self.tags),
            note=self.note,
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            duration_s=self.elapsed_s if self.started_at else None,
            shards=self.shards,
            shards_lost=self.shards_lost,
            queue_position=self.queue_position,
            planned_s=self.planned_s,
            paused=self.paused,
            changes=tuple(ChangePart.model_validate(change, from_attributes=True) for change in self.changes),
            audit=self.audit,
            baseline=self.against_baseline,
            warmup=self.warmup,
            **self._measured(),
        )

    def _measured(self) -> dict[str, Any]:
        values = self.baseline_values
        trustworthy, ended = self.audit.trustworthy, not self.live
        parts = measured_parts(self.plan, self.total, self.load_s, trustworthy, values, ended=ended)
        waiting = queue_inside(self.total, self.snapshots)
        return {**parts, "queue_inside": waiting, "snapshots": rows(self.snapshots)}
