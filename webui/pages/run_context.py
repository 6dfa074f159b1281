"""What the run page and the shared result show, as typed values; all words are the templates'. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import takewhile
from typing import Any

from webui.analysis.document import AuditPart, EndpointPart, ErrorPart, TimesPart, TotalsPart
from webui.analysis.results import measured_parts, times_part, totals_part
from webui.metrics import thresholds
from webui.metrics.snapshot import EndpointStats, Snapshot, merge_endpoints
from webui.metrics.thresholds import Outcome, Threshold
from webui.plan.documents import plan_to_json, plan_to_toml
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.security.redaction import redact_plan

RECENT_S = 10.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Totals, rates and response times of a stretch of the run."""

    totals: TotalsPart
    times: TimesPart
    seconds: float

    @property
    def received_per_s(self) -> float | None:
        """Bytes received per second."""
        return self.totals.bytes_received / self.seconds if self.seconds else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is. `percent` and `left_s` are None where no end is planned."""

    elapsed_s: float
    planned_s: float | None
    ends_at: datetime | None

    @property
    def percent(self) -> float | None:
        """Of the planned time, 0 to 100."""
        return min(100.0, 100.0 * self.elapsed_s / self.planned_s) if self.planned_s else None

    @property
    def left_s(self) -> float | None:
        """Planned time that is left."""
        return max(0.0, self.planned_s - self.elapsed_s) if self.planned_s else None


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Failures of one kind at one endpoint; times since the start of the run."""

    id: str
    kind: str
    status: int | None  # of kinds `http_<status>`
    phrase: str  # the status's standard words
    group: str  # "4xx", "5xx", "none" or "other": the colour in the charts
    endpoint: str
    count: int
    first_s: float
    last_s: float
    sample: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A threshold and how it does so far. `spare` is the distance to the limit, in the rule's unit."""

    rule: Threshold
    outcome: Outcome

    @property
    def known(self) -> bool:
        """Whether there is a figure to judge by."""
        return self.outcome.actual is not None

    @property
    def meter_percent(self) -> float:
        """How much of the meter is filled; the limit stands at 80."""
        if self.outcome.actual is None or self.rule.limit <= 0:
            return 0.0
        return max(0.0, min(100.0, 80.0 * self.outcome.actual / self.rule.limit))

    @property
    def spare(self) -> float | None:
        """How far from the limit, without sign."""
        return None if self.outcome.actual is None else abs(self.rule.limit - self.outcome.actual)


@dataclass(frozen=True, slots=True)
class ShareLink:
    """One share link that opens."""

    token: str
    url: str
    created_at: datetime


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
    endpoints: Sequence[EndpointPart]
    status_codes: dict[str, int]
    errors: Sequence[ErrorRow]
    rules: Sequence[RuleRow]
    unsaved: str | None  # why the newest results are not on disk yet
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
    parts = measured_parts(plan, total, view.load_s)
    merged = total.all_endpoints if total is not None else None
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
        created_at=view.created_at,
        started_at=view.started_at,
        ended_at=view.ended_at,
        queue_position=view.queue_position,
        shards=view.shards,
        progress=_progress(view),
        users=last.users if last else 0,
        in_flight=last.in_flight if last else 0,
        recent=_recent(view.snapshots),
        whole=None if merged is None else _figures(merged, view.load_s or (total.seconds if total else 0.0)),
        limits=latency_limits(plan),
        audit=audit,
        endpoints=parts.get("endpoints", ()),
        status_codes=parts.get("status_codes", {}),
        errors=_error_rows(parts.get("errors", ()), plan, in_order_of_time=view.status.live),
        rules=_rule_rows(view, merged),
        unsaved=view.unsaved,
        **more,
    )


def _progress(view: RunView) -> Progress:
    ends_at = None
    if view.started_at is not None and view.planned_s is not None:
        ends_at = view.started_at + timedelta(seconds=view.planned_s)
    return Progress(view.elapsed_s, view.planned_s, ends_at)


def _recent(snapshots: Sequence[Snapshot]) -> Figures | None:
    if not snapshots:
        return None
    since = snapshots[-1].end_ns - RECENT_S * 1e9
    late = list(takewhile(lambda snapshot: snapshot.start_ns >= since, reversed(snapshots)))
    late = late[::-1] or list(snapshots[-1:])
    seconds = (late[-1].end_ns - late[0].start_ns) / 1e9
    return _figures(merge_endpoints([stats for snapshot in late for stats in snapshot.endpoints]), seconds)


def _figures(stats: EndpointStats, seconds: float) -> Figures:
    return Figures(totals_part(stats.totals, seconds), times_part(stats.response), seconds)


def latency_limits(plan: Plan) -> dict[float, float]:
    """The strictest upper limit in ms for each percentile of the whole run that has one."""
    limits: dict[float, float] = {}
    for expression in plan.thresholds:
        rule = thresholds.parse(expression)
        if rule.percentile is not None and rule.endpoint is None and rule.op in ("<", "<="):
            limits[rule.percentile] = min(rule.limit, limits.get(rule.percentile, rule.limit))
    return limits


def _error_rows(parts: Sequence[ErrorPart], plan: Plan, *, in_order_of_time: bool) -> list[ErrorRow]:
    """One row for each kind and endpoint. While the run is live the order is that of first appearance,
    so that no row moves under the reader's eyes; afterwards the most frequent come first."""
    places = {request.label: index for index, request in enumerate(plan.requests)}
    rows = [
        ErrorRow(
            f"error-{places.get(place.endpoint, 0)}-{part.kind}",
            part.kind,
            *_status_words(part.kind),
            _group(part.kind),
            place.endpoint,
            place.count,
            place.first_s,
            place.last_s,
            place.sample,
        )
        for part in parts
        for place in part.endpoints
    ]
    if in_order_of_time:
        return sorted(rows, key=lambda row: (row.first_s, row.id))
    return sorted(rows, key=lambda row: (-row.count, row.id))


def _status_words(kind: str) -> tuple[int | None, str]:
    if not kind.startswith("http_"):
        return None, ""
    status = int(kind.removeprefix("http_"))
    try:
        return status, HTTPStatus(status).phrase
    except ValueError:
        return status, ""


def _group(kind: str) -> str:
    if kind.startswith(("http_4", "http_5")):
        return f"{kind[5]}xx"
    return "other" if kind.startswith("http_") or kind in ("check_failed", "body_too_large") else "none"


def _rule_rows(view: RunView, merged: EndpointStats | None) -> list[RuleRow]:
    rules = [thresholds.parse(expression) for expression in view.plan.thresholds]
    if view.total is None or merged is None:
        return [RuleRow(rule, Outcome(rule.expression, passed=True, actual=None)) for rule in rules]
    named = dict(zip((request.label for request in view.plan.requests), view.total.endpoints, strict=False))
    return [RuleRow(rule, thresholds.evaluate(rule, merged, named, view.load_s)) for rule in rules]
