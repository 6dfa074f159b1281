"""What a sweep says of the target: pattern, numbers with intervals, reasons. Pure.

docs/diagnosis.md tells how.
"""

from dataclasses import replace

from webui.analysis.diagnosed import CanaryPart, Capacity, DiagnosisPart, Estimate, Queue
from webui.analysis.diagnosis.advice import steps_for
from webui.analysis.diagnosis.bootstrap import Interval
from webui.analysis.diagnosis.canary import Canary, reason_text
from webui.analysis.diagnosis.defaults import Match, by_behaviour, matches
from webui.analysis.diagnosis.evidence import evidence
from webui.analysis.diagnosis.facts import Facts, facts_of
from webui.analysis.diagnosis.fits import fits_of
from webui.analysis.diagnosis.rules import badly_served, judge
from webui.analysis.diagnosis.verdict import Verdict, inconclusive
from webui.analysis.diagnosis.words import cannot_tell, headline, summary
from webui.metrics import thresholds
from webui.metrics.snapshot import Snapshot
from webui.plan.load import Sweep
from webui.plan.model import Plan
from webui.sweep.figures import Point, loaded, points_of
from webui.units import NS_PER_S

__all__ = ["Facts", "Verdict", "diagnose", "in_service"]

SLOTTED = frozenset({"fixed-slots", "serialised", "loop-blocked", "cpu-bound", "scales"})


def diagnose(plan: Plan, total: Snapshot, *, trustworthy: bool | None = None) -> DiagnosisPart | None:
    """The diagnosis of a finished or stopped sweep; None for other loads and where nothing was measured.

    `trustworthy` is the audit's verdict: on figures that are not, nothing is said with confidence."""
    if not isinstance(plan.load, Sweep) or not total.steps:
        return None
    verdict, facts = _judge(total)
    if trustworthy is False:
        verdict = replace(verdict, doubts=verdict.doubts + 1)
    m = verdict.m
    found = () if m is None or facts is None else _hypotheses(verdict, m, facts)
    steps = steps_for(verdict, facts, found)
    capped = capacity(plan.load, points_of(total.steps))
    part = DiagnosisPart(
        pattern=verdict.pattern,
        confidence=verdict.confidence,
        headline=headline(verdict, facts),
        summary=summary(verdict, facts, found),
        reasons=verdict.reasons,
        evidence=() if facts is None else evidence(verdict, facts),
        cannot_tell=cannot_tell(verdict, facts),
        next_steps=tuple(f"{step.title}. {step.text}" for step in steps),
        steps_to_take=steps,
        hypotheses=tuple(match.hypothesis() for match in found),
        effective_parallelism=_estimate(m, at_least=verdict.at_least),
        capacity=capped,
        requests=total.totals.sent + sum(probe.sent for probe in total.probing.probes.values()),
        seconds=total.end_ns / NS_PER_S,
    )
    return part if facts is None else part.model_copy(update=_figures(verdict, facts))


def _judge(total: Snapshot) -> tuple[Verdict, Facts | None]:
    points = points_of(total.steps)
    first = tuple(p for p in points if p.kind == "single")
    lowest = next((p for p in loaded(points)), None)
    ill = badly_served((*first, lowest) if lowest is not None and lowest.users == 1 else first)
    if ill is not None:
        return ill, None
    facts = facts_of(total)
    if facts is None or len(facts.levels) < 2:
        return inconclusive("stopped", "The sweep was stopped before it had measured two levels."), facts
    return judge(facts), facts


def _hypotheses(verdict: Verdict, m: Interval, facts: Facts) -> tuple[Match, ...]:
    if verdict.pattern not in ("fixed-slots", "serialised", "rejects"):
        return ()
    known = by_behaviour(verdict.shade, m)
    if verdict.shade == "processes" or verdict.pattern == "serialised":
        return known
    return known + matches(m, rejecting=verdict.pattern == "rejects", counted=facts.count is not None)


def _figures(verdict: Verdict, facts: Facts) -> dict[str, object]:
    top = facts.most_held
    slotted = verdict.pattern in SLOTTED
    return {
        "max_throughput_rps": top.value,
        "max_throughput": Estimate(value=top.value, low=top.low, high=top.high),
        "knee_users": facts.ceiling.value * facts.light_s if facts.full else None,
        "light_load_ms": 1000 * facts.light_s,
        "round_trip_ms": 1000 * facts.trip.value,
        "blocked_ms": None if verdict.blocked_s is None else 1000 * verdict.blocked_s,
        "queue": _queue(facts) if slotted and facts.full else None,
        "fits": fits_of([p for p in facts.levels if not p.refuses and p.successes]),
        "canary": _canary(facts.canary),
    }


def _estimate(m: Interval | None, *, at_least: bool) -> Estimate:
    if m is None:
        return Estimate()
    return Estimate(low=m.low) if at_least else Estimate(value=m.value, low=m.low, high=m.high)


def _canary(canary: Canary) -> CanaryPart:
    return CanaryPart(
        path=canary.path,
        reason=reason_text(canary.reason) if canary.path is None else "",
        idle_ms=_ms(canary.idle_s),
        loaded_ms=_ms(canary.loaded_s),
        cost_ms=_ms(canary.cost_s) if canary.path is not None else None,
        coupling=canary.coupling,
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _queue(facts: Facts) -> Queue | None:
    """What happens at the level nearest to twice the knee."""
    m = facts.m.value
    beyond = [p for p in facts.levels if p.users >= 1.5 * m and p.mean_s and not p.refuses]
    if not beyond:
        return None
    level = min(beyond, key=lambda p: abs(p.users - 2 * m))
    assert level.mean_s is not None
    working = min(level.users, max(1, round(m)))
    return Queue(
        users=level.users,
        in_service=working,
        waiting=level.users - working,
        service_ms=1000 * facts.light_s,
        wait_ms=1000 * max(0.0, level.mean_s - facts.light_s),
    )


def in_service(diagnosis: DiagnosisPart | None, users: int, throughput_rps: float | None) -> float | None:
    """How many of `users` requests the target works on, by Little's law; None where the pattern says nothing
    of a line."""
    if diagnosis is None or diagnosis.pattern not in SLOTTED or diagnosis.light_load_ms is None:
        return None
    if throughput_rps is None:
        return None
    return min(float(users), throughput_rps * diagnosis.light_load_ms / 1000)


def capacity(load: Sweep, points: tuple[Point, ...]) -> Capacity | None:
    """The most throughput measured within the load's latency limit; None without a limit."""
    if load.limit is None:
        return None
    rule = thresholds.parse(load.limit)
    within = [
        p
        for p in loaded(points)
        if not p.refuses and thresholds.evaluate(rule, p.step.stats, {}, p.seconds).passed
    ]
    best = max(within, key=lambda p: p.rate, default=None)
    if best is None:
        return Capacity(limit=load.limit)
    return Capacity(limit=load.limit, throughput_rps=best.rate, users=best.users)
