"""The rows of the run page's tables and lists: failures, thresholds, changes, a sweep's steps. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from webui.analysis.document import ErrorPart, StepPart
from webui.analysis.failure_words import failure_words, status_phrase
from webui.analysis.knee import knee_step, levels_of
from webui.metrics import thresholds
from webui.metrics.snapshot import EndpointStats
from webui.metrics.thresholds import Outcome, Threshold
from webui.pages.planned import plan_clock
from webui.plan.load import RampingUsers
from webui.plan.model import Plan
from webui.plan.pacing import users_at
from webui.runs.changes import ChangeKind, rate_target, users_target
from webui.runs.model import RunView

STEP_BAR = 180.0  # how wide a step's bar may be, in units of its SVG


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Failures of one kind at one endpoint; times since the start of the run."""

    id: str
    words: str
    group: str  # "4xx", "5xx", "none" or "other": the colour in the charts
    endpoint: str
    count: int
    first_s: float
    last_s: float
    sample: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    """How often a status came; `code` None: no response, or none that could be read. `key` is its colour."""

    code: str | None
    phrase: str
    key: str
    count: int
    percent: float | None


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
        if self.outcome.actual is None or not self.rule.limit:
            return 0.0
        return max(0.0, min(100.0, 80.0 * self.outcome.actual / self.rule.limit))

    @property
    def spare(self) -> float | None:
        """How far from the limit, without sign."""
        if self.outcome.actual is None or self.rule.limit is None:
            return None
        return abs(self.rule.limit - self.outcome.actual)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Something changed by hand, `t_s` after the start. `before` is what `value` was until then: users or
    starts per second."""

    number: int
    kind: ChangeKind
    t_s: float
    value: float | None
    before: float | None
    applied: bool

    @property
    def difference(self) -> int:
        """Users more than before; fewer are negative."""
        return int((self.value or 0) - (self.before or 0))


@dataclass(frozen=True, slots=True)
class StepRow:
    """One measured level of a sweep; `best`: none had a higher throughput. `knee` and `past` say where it is
    by the diagnosis. The bars are `scale` users wide at the most."""

    id: str
    step: StepPart
    best: bool
    knee: bool = False
    past: bool = False
    scale: int = 1

    @property
    def served_width(self) -> float:
        """The bar of what is in service, of 180."""
        return STEP_BAR * (self.step.in_service or 0.0) / self.scale

    @property
    def waiting_width(self) -> float:
        """The bar of what waits."""
        return STEP_BAR * (self.step.waiting or 0.0) / self.scale


def error_rows(parts: Sequence[ErrorPart], plan: Plan, *, in_order_of_time: bool) -> list[ErrorRow]:
    """One row for each kind and endpoint. While the run is live the order is that of first appearance,
    so that no row moves under the reader's eyes; afterwards the most frequent come first."""
    places = {request.label: index for index, request in enumerate(plan.requests)}
    rows = [
        ErrorRow(
            f"error-{places.get(place.endpoint, 0)}-{part.kind}",
            failure_words(part.kind, plan.http.timeout_s),
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


def code_rows(codes: Mapping[str, int], ended: int) -> list[CodeRow]:
    """One row for each status, and one for the requests without any, of `ended` requests."""
    rows = [
        CodeRow(code, status_phrase(code), _key(code), number, _percent(number, ended))
        for code, number in codes.items()
    ]
    silent = ended - sum(codes.values())
    return [*rows, CodeRow(None, "", "none", silent, _percent(silent, ended))] if silent > 0 else rows


def _key(code: str) -> str:
    return f"c{code[0]}" if code[0] in "2345" else "c2"


def _percent(number: int, ended: int) -> float | None:
    return 100.0 * number / ended if ended else None


def _group(kind: str) -> str:
    if kind.startswith(("http_4", "http_5")):
        return f"{kind[5]}xx"
    return "other" if kind.startswith("http_") or kind in ("check_failed", "body_too_large") else "none"


def rule_rows(view: RunView, merged: EndpointStats | None, trustworthy: bool | None) -> list[RuleRow]:
    """The plan's thresholds by the figures so far; `trustworthy` is what the audit says."""
    against = view.baseline_values
    rules = [thresholds.resolved(thresholds.parse(rule), against) for rule in view.plan.thresholds]
    if view.total is None or merged is None:
        return [RuleRow(rule, Outcome(rule.expression, passed=True, actual=None)) for rule in rules]
    named = dict(zip((request.label for request in view.plan.requests), view.total.endpoints, strict=False))
    outcomes = (thresholds.evaluate(rule, merged, named, view.load_s, trustworthy) for rule in rules)
    return [RuleRow(rule, outcome) for rule, outcome in zip(rules, outcomes, strict=True)]


def change_rows(view: RunView) -> list[ChangeRow]:
    """What was changed by hand, in order, each with what it was before."""
    return list(_change_rows(view))


def _change_rows(view: RunView) -> Iterator[ChangeRow]:
    for place, change in enumerate(view.changes):
        before = _before(view, place)
        yield ChangeRow(change.number, change.kind, change.t_s, change.value, before, change.applied)


def _before(view: RunView, place: int) -> float | None:
    """The users or the rate that the change at `place` put an end to; None where a plan moved the rate."""
    change, earlier, load = view.changes[place], view.changes[:place], view.plan.load
    if change.kind == "rate":
        return rate_target(load, earlier)
    if change.kind != "users":
        return None
    target = users_target(load, earlier)
    if target is None and isinstance(load, RampingUsers):
        return users_at(load, plan_clock(earlier, change.t_s))
    return target


def step_rows(steps: Sequence[StepPart], knee_users: float | None = None) -> list[StepRow]:
    """The levels of a sweep by rising number of users; the first of the best throughput and the one that
    stands for the knee are marked. A level that was measured twice has an id for each."""
    best = max(levels_of(steps), key=lambda step: step.throughput_rps or 0.0, default=None)
    knee = knee_step(steps, knee_users)
    scale = max((step.users for step in steps), default=1)
    seen: Counter[int] = Counter()
    rows = []
    for step in steps:
        seen[step.users] += 1
        number = f"-{seen[step.users]}" if seen[step.users] > 1 else ""
        rows.append(
            StepRow(
                f"step-{step.users}{number}",
                step,
                best=step is best and bool(step.throughput_rps),
                knee=step is knee,
                past=knee is not None and step.users > knee.users,
                scale=scale,
            )
        )
    return rows
