"""What the cheap second route tells: whether it waits in the same line as the load. Pure; seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webui.metrics.histogram import Histogram, merge
from webui.metrics.probing import CanaryRecord
from webui.sweep.figures import Point, canary_cost_s, canary_floor_s, loaded
from webui.units import NS_PER_S

WAITS = 0.08  # a coupling above this: the canary waits for the load
RISES = 3.0  # times its idle median, and 1 ms more: the same, seen at the ceiling
NOISE_S = 0.001  # a rise below this is a busy machine, not a line
ENOUGH = 5  # answers of the canary that a level needs
QUEUES = 2.5  # times the light-load latency from which on a level queues for sure


@dataclass(frozen=True, slots=True)
class Canary:
    """`affected` is None where it is not known: no canary, or no level that queues."""

    path: str | None = None
    reason: str = "off"
    idle_s: float | None = None
    floor_s: float | None = None
    cost_s: float = 0.0
    loaded_s: float | None = None
    coupling: float | None = None
    affected: bool | None = None


def canary_of(
    record: CanaryRecord | None, points: Sequence[Point], light_s: float, top: Sequence[Point]
) -> Canary:
    """The canary against the levels; `top` are those at the ceiling."""
    if record is None:
        return Canary()
    if record.path is None or not record.idle:
        reason = record.reason or "none-answers"
        return Canary(reason=f"chosen-{reason}" if record.chosen_by_user else reason)
    idle_s = (record.idle.percentile_ns(50) or 0) / NS_PER_S
    at_ceiling = merge(p.step.canary for p in top)
    loaded_s = _median_s(at_ceiling) if at_ceiling.total >= ENOUGH else None
    coupling = _coupling(record.idle, points, light_s)
    return Canary(
        record.path,
        "",
        idle_s,
        canary_floor_s(record),
        canary_cost_s(record),
        loaded_s,
        coupling,
        _affected(idle_s, _highest(points), coupling),
    )


def _median_s(histogram: Histogram) -> float:
    return (histogram.percentile_ns(50) or 0) / NS_PER_S


def _highest(points: Sequence[Point]) -> float | None:
    """The canary's median at the level with the most users."""
    usable = [p for p in loaded(points) if p.step.canary.total >= ENOUGH and not p.refuses]
    most = max(usable, key=lambda p: p.users, default=None)
    return None if most is None else _median_s(most.step.canary)


def _affected(idle_s: float, loaded_s: float | None, coupling: float | None) -> bool | None:
    if coupling is None:
        return None
    risen = loaded_s is not None and loaded_s > RISES * idle_s + NOISE_S
    return coupling > WAITS or (risen and coupling > 0.02)


def _coupling(idle: Histogram, points: Sequence[Point], light_s: float) -> float | None:
    """The canary's rise over idle by the load's rise over its light latency, the median over the levels that
    queue. 0: the canary never waits. 1: it stands in the same line."""
    usable = [p for p in loaded(points) if p.mean_s and not p.refuses and p.step.canary.total >= ENOUGH]
    queueing = [p for p in usable if (p.mean_s or 0.0) > QUEUES * light_s]
    if not queueing:  # less clear, and better than nothing
        queueing = [p for p in usable if (p.mean_s or 0.0) > max(1.3 * light_s, light_s + 0.005)]
    ratios = [_rise(p, idle) / ((p.mean_s or 0.0) - light_s) for p in queueing]
    return float(np.median(ratios)) if ratios else None


def _rise(p: Point, idle: Histogram) -> float:
    rise = ((p.step.canary.mean_ns or 0.0) - (idle.mean_ns or 0.0)) / NS_PER_S
    # The mean follows a line that comes and goes; a few stragglers of a busy machine are no line.
    typical = _median_s(p.step.canary) - _median_s(idle)
    return max(0.0, rise) if max(typical, 0.25 * rise) > NOISE_S else 0.0


_REASONS = {
    "off": "It was switched off.",
    "none-answers": "No candidate gave a full answer.",
    "needs-login": "The candidates need a login.",
    "redirects": "The candidates redirect to other routes.",
    "slow": "The candidates answer slowly.",
    "same-route": "The only candidates are the load's own route.",
    "chosen-none-answers": "The chosen route gave no full answer, so the sweep went on without a canary.",
    "chosen-needs-login": "The chosen route needs a login, so the sweep went on without a canary.",
    "chosen-redirects": "The chosen route redirects to another, so the sweep went on without a canary.",
    "chosen-slow": "The chosen route answers slowly, so the sweep went on without a canary.",
    "chosen-same-route": "The chosen route is the load's own, so the sweep went on without a canary.",
}


def reason_text(reason: str) -> str:
    """Why there is no canary, as a sentence."""
    return _REASONS.get(reason, "There was none.")
