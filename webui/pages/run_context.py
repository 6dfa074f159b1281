"""What the run page and the shared result show, as typed values; all words are the templates'. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from webui.analysis.diagnosed import DiagnosisPart
from webui.analysis.document import AuditPart, EndpointPart, TimesPart, TotalsPart, WarmUpPart
from webui.analysis.results import measured_parts, times_part, totals_part
from webui.analysis.waiting import waiting_inside
from webui.metrics import thresholds
from webui.metrics.probing import Activity
from webui.metrics.snapshot import EndpointStats, Snapshot, merge_endpoints
from webui.pages.run_controls import Controls, controls_of
from webui.pages.run_rows import (
    ChangeRow,
    CodeRow,
    ErrorRow,
    RuleRow,
    StepRow,
    change_rows,
    code_rows,
    error_rows,
    rule_rows,
    step_rows,
)
from webui.pages.sharing import ShareLink
from webui.pages.verdict import Verdict, verdict_of
from webui.plan.documents import plan_to_json, plan_to_toml
from webui.plan.load import Burst, ConstantRate, ConstantUsers, RampingRate, Sweep, peak_users
from webui.plan.model import HttpOptions, Plan
from webui.plan.target import parse_url
from webui.runs.audit import SCHEDULE_LAG_LIMIT_MS, schedule_lag_limit_ms
from webui.runs.model import RunView
from webui.runs.summary import load_text
from webui.security.redaction import redact_plan

RECENT_S = 10.0
REFINED_LEVELS = 3  # that a sweep tries around the knee when it has risen


@dataclass(frozen=True, slots=True)
class Figures:
    """Totals, rates and response times of a stretch of the run."""

    totals: TotalsPart
    times: TimesPart
    service: TimesPart  # the same as `times` where the load is closed
    seconds: float

    @property
    def offered_rps(self) -> float | None:
        """Starts that were due per second, dropped ones included."""
        return self.totals.offered / self.seconds if self.seconds else None

    @property
    def dropped_percent(self) -> float | None:
        """How many of the starts that were due found no free user."""
        offered = self.totals.offered
        return 100.0 * self.totals.dropped / offered if offered else None

    @property
    def received_per_s(self) -> float | None:
        """Bytes received per second."""
        return self.totals.bytes_received / self.seconds if self.seconds else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is. `percent`, of the planned time from 0 to 100, and `left_s` are None where no end
    is planned; a pause holds both."""

    elapsed_s: float
    planned_s: float | None
    percent: float | None
    left_s: float | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run, live or finished. `base` is the address that all of the page's own links start with."""

    base: str
    shared: bool
    id: str
    title: str
    status: str
    reason: str
    live: bool
    plan: Plan
    tags: Sequence[str]  # as they are now, whatever the plan said
    note: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    queue_position: int | None
    shards: int
    progress: Progress
    users: int
    in_flight: int
    recent: Figures | None
    whole: Figures | None
    limits: dict[float, float]  # percentile -> the strictest limit in ms of the plan's thresholds
    audit: AuditPart
    schedule_lag_limit_ms: float
    endpoints: Sequence[EndpointPart]
    status_codes: dict[str, int]
    errors: Sequence[ErrorRow]
    rules: Sequence[RuleRow]
    controls: Controls | None  # None unless it runs and this is its owner's page
    paused: bool
    changes: Sequence[ChangeRow]
    steps: Sequence[StepRow]
    unsaved: str | None  # why the newest results are not on disk yet
    warmup: WarmUpPart | None = None  # what it sends or sent before the test, in no other figure
    verdict: Verdict | None = None  # of a finished sweep
    waiting_inside: float | None = None  # requests in line inside the target now, or over a finished run
    activity: Activity | None = None  # what a live sweep does now
    shares: Sequence[ShareLink] = ()
    share_new: str | None = None  # the address of a link just made

    @property
    def address(self) -> str:
        """What the page names as the target: the one request's whole address, else the base address."""
        if len(self.plan.requests) > 1:
            return self.plan.base_url
        target = self.plan.target_of(self.plan.requests[0])
        return target.origin + target.path

    @property
    def before(self) -> int:
        """How many runs wait before this one."""
        return max(0, (self.queue_position or 1) - 1)

    @property
    def load(self) -> str:
        """The planned load in words."""
        return load_text(self.plan)

    @property
    def open_model(self) -> bool:
        """Whether starts come on a schedule, so that response and service time differ."""
        return isinstance(self.plan.load, ConstantRate | RampingRate)

    @property
    def sweep(self) -> bool:
        """Whether the load is a sweep."""
        return isinstance(self.plan.load, Sweep)

    @property
    def knee(self) -> bool:
        """Whether one of the steps stands for the knee."""
        return any(row.knee for row in self.steps)

    @property
    def dropped(self) -> int:
        """Starts so far that found no free user."""
        return self.whole.totals.dropped if self.whole else 0

    @property
    def codes(self) -> Sequence[CodeRow]:
        """How often each status came."""
        totals = self.whole.totals if self.whole else None
        return code_rows(self.status_codes, totals.successes + totals.failures if totals else 0)

    @property
    def peak_users(self) -> int:
        """The most users at a time: as planned or as changed by hand, of a sweep as far as it came."""
        if self.sweep:
            return max((row.step.users for row in self.steps), default=self.users)
        asked = [int(row.value or 0) for row in self.changes if row.kind == "users"]
        return max(peak_users(self.plan.load), *asked, 0)

    @property
    def planned_requests(self) -> int | None:
        """How many requests the plan makes; None where that depends on the target."""
        load = self.plan.load
        if isinstance(load, Burst):
            return load.size * load.count
        if not isinstance(load, ConstantUsers):
            return None
        each = load.iterations_per_user
        return load.iterations if each is None else each * load.users

    @property
    def steps_to_come(self) -> int:
        """How many levels a sweep may still measure, at the most: as many rows are kept free."""
        load = self.plan.load
        if not self.live or not isinstance(load, Sweep):
            return 0
        doublings = math.ceil(math.log2(load.to / load.from_))
        return max(0, doublings + 1 + REFINED_LEVELS - len(self.steps))

    @property
    def default_http(self) -> HttpOptions:
        """What a plan has that says nothing of it: the setup names what differs."""
        return HttpOptions()

    @property
    def default_graceful_stop_s(self) -> float:
        """The same for the time of the last responses."""
        return float(Plan.model_fields["graceful_stop_s"].default)

    @property
    def proxy_host(self) -> str | None:
        """Host and port of the proxy, without user and password."""
        return None if self.plan.http.proxy is None else parse_url(self.plan.http.proxy).authority

    @property
    def failed_rules(self) -> int:
        """How many thresholds do not hold; while the run is live, one without a figure is still open."""
        return sum(not row.outcome.passed and (row.known or not self.live) for row in self.rules)

    @property
    def public_plan(self) -> Plan:
        """The plan as a bystander may see it on the screen."""
        return redact_plan(self.plan)

    @property
    def plan_json(self) -> str:
        """The plan as a document to copy."""
        return plan_to_json(self.plan)

    @property
    def plan_toml(self) -> str:
        """The plan as TOML to copy."""
        return plan_to_toml(self.plan)


def run_page(view: RunView, audit: AuditPart, *, base: str, shared: bool = False, **more: Any) -> RunPage:
    """The page's context of a run as it is now."""
    plan, total = view.plan, view.total
    parts = measured_parts(plan, total, view.load_s, audit.trustworthy)
    merged = total.all_endpoints if total is not None else None
    diagnosis = diagnosis_of(view)
    steps = parts.get("steps", ()) if diagnosis is None else view.result().steps
    last = view.snapshots[-1] if view.snapshots else None
    return RunPage(
        base=base,
        shared=shared,
        id=view.id,
        title=view.name,
        status=view.status.value,
        reason=view.status_reason,
        live=view.status.live,
        plan=plan,
        tags=view.tags,
        note=view.note,
        created_at=view.created_at,
        started_at=view.started_at,
        ended_at=view.ended_at,
        queue_position=view.queue_position,
        shards=view.shards,
        progress=_progress(view),
        users=last.users if last else 0,
        in_flight=last.in_flight if last else 0,
        recent=_recent(view.snapshots),
        whole=None
        if merged is None
        else figures_of(merged, view.load_s or (total.seconds if total else 0.0)),
        limits=latency_limits(plan, view.baseline_values),
        audit=audit,
        schedule_lag_limit_ms=SCHEDULE_LAG_LIMIT_MS if total is None else schedule_lag_limit_ms(plan, total),
        endpoints=parts.get("endpoints", ()),
        status_codes=parts.get("status_codes", {}),
        errors=error_rows(parts.get("errors", ()), plan, in_order_of_time=view.status.live),
        rules=rule_rows(view, merged, audit.trustworthy),
        controls=None if shared else controls_of(view),
        paused=view.paused,
        warmup=view.warmup,
        changes=change_rows(view),
        steps=step_rows(steps, diagnosis.knee_users if diagnosis else None),
        verdict=verdict_of(diagnosis, steps, view.result().probes) if diagnosis else None,
        activity=activity_of(view),
        waiting_inside=_waiting_inside(view),
        unsaved=view.unsaved,
        **more,
    )


def diagnosis_of(view: RunView) -> DiagnosisPart | None:
    """The diagnosis of a finished sweep."""
    ended_sweep = isinstance(view.plan.load, Sweep) and not view.live
    return view.result().diagnosis if ended_sweep else None


def activity_of(view: RunView) -> Activity | None:
    """What a live sweep is doing now; None where that is not known, and of other loads."""
    return view.total.probing.activity if view.live and view.total is not None else None


def _progress(view: RunView) -> Progress:
    share, ends_at = view.progress, None
    if view.started_at is not None and view.planned_s is not None and not view.paused:
        ends_at = view.started_at + timedelta(seconds=view.planned_s)
    percent = None if share is None else 100.0 * share
    return Progress(view.elapsed_s, view.planned_s, percent, view.remaining_s, ends_at)


def _waiting_inside(view: RunView) -> float | None:
    """Of loads that keep to one level for a while: a sweep is diagnosed instead, a burst is all waiting."""
    if view.total is None or isinstance(view.plan.load, Sweep | Burst):
        return None
    return waiting_inside(_late(view.snapshots) if view.live else (view.total,), view.total)


def _late(snapshots: Sequence[Snapshot]) -> Sequence[Snapshot]:
    since = snapshots[-1].end_ns - RECENT_S * 1e9 if snapshots else 0.0
    late = list(takewhile(lambda snapshot: snapshot.start_ns >= since, reversed(snapshots)))
    return late[::-1] or list(snapshots[-1:])


def _recent(snapshots: Sequence[Snapshot]) -> Figures | None:
    if not snapshots:
        return None
    late = _late(snapshots)
    seconds = (late[-1].end_ns - late[0].start_ns) / 1e9
    return figures_of(merge_endpoints([stats for snapshot in late for stats in snapshot.endpoints]), seconds)


def figures_of(stats: EndpointStats, seconds: float) -> Figures:
    times = times_part(stats.response)
    service = times if stats.service is stats.response else times_part(stats.service)
    return Figures(totals_part(stats.totals, seconds), times, service, seconds)


def latency_limits(plan: Plan, against: Mapping[str, float | None]) -> dict[float, float]:
    """The strictest upper limit in ms for each percentile of the whole run that has one; `against` holds
    the baseline's figures for the rules that refer to it."""
    limits: dict[float, float] = {}
    for expression in plan.thresholds:
        rule = thresholds.resolved(thresholds.parse(expression), against)
        if rule.limit is None or rule.percentile is None or rule.endpoint is not None:
            continue
        if rule.op in ("<", "<="):
            limit = rule.limit if rule.shift is None else float(f"{rule.limit:.3g}")  # as its label shows it
            limits[rule.percentile] = min(limit, limits.get(rule.percentile, limit))
    return limits
