"""The load as it was planned, and as it was changed by hand, over the time of the run. Pure."""

import math
from collections.abc import Sequence

from webui.analysis.pauses import pauses
from webui.plan.load import ConstantRate, ConstantUsers, RampingRate, RampingUsers, Shape
from webui.plan.pacing import rate_line
from webui.runs.changes import RunChange, paused_s
from webui.runs.model import RunView

Points = list[tuple[float, float]]


def plan_clock(changes: Sequence[RunChange], elapsed_s: float) -> float:
    """How far the plan is: pauses hold its clock."""
    return max(0.0, elapsed_s - paused_s(changes, elapsed_s))


def planned_rate(view: RunView) -> float | None:
    """The starts per second that the plan, or the last change, wants now; None for shapes that plan users."""
    load = view.plan.load
    if not isinstance(load, ConstantRate | RampingRate):
        return None
    if view.rate_target is not None:
        return view.rate_target
    clock = plan_clock(view.changes, view.elapsed_s)
    return rate_line(load).at(min(clock, math.nextafter(load.duration_s or math.inf, 0.0)))


def planned_points(view: RunView) -> Points:
    """The planned users, or starts per second, as the corners of a line over the run's time; empty where the
    shape plans neither in time, or nothing can be told from it."""
    corners = _corners(view.plan.load)
    if not corners:
        return []
    kind = "rate" if isinstance(view.plan.load, ConstantRate | RampingRate) else "users"
    held = [change for change in view.changes if change.kind == kind and change.value is not None]
    end = view.planned_s if view.planned_s is not None else view.elapsed_s
    held_up = list(pauses(view.changes, view.elapsed_s))
    shifted = [(_run_time(held_up, at), value) for at, value in corners]
    if not held:
        return _extended(shifted, end)
    first = held[0].t_s
    points = [*_until(shifted, first)]
    for change, following in zip(held, [*(change.t_s for change in held[1:]), end], strict=True):
        value = float(change.value or 0.0)
        points += [(change.t_s, value), (max(change.t_s, following), value)]
    return points


def _corners(load: Shape) -> Points:
    """By the plan's own clock."""
    if isinstance(load, ConstantUsers):
        return [(0.0, 1.0), (load.ramp_s, float(load.users))]
    if isinstance(load, ConstantRate):
        return [(0.0, load.rate_rps)]
    if isinstance(load, RampingUsers):
        stages = [(stage.duration_s, float(stage.users)) for stage in load.stages]
        return _stage_corners(float(load.start_users), stages)
    if isinstance(load, RampingRate):
        return _stage_corners(load.start_rate_rps, [(s.duration_s, s.rate_rps) for s in load.stages])
    return []


def _stage_corners(begin: float, stages: Sequence[tuple[float, float]]) -> Points:
    points, at = [(0.0, begin)], 0.0
    for length, value in stages:
        at += length
        points.append((at, value))
    return points


def _run_time(held_up: Sequence[tuple[float, float]], clock_s: float) -> float:
    """The run's time at which the plan's clock reads `clock_s`: every pause before it comes on top."""
    at = clock_s
    for begin, end in held_up:
        at += end - begin if begin < at else 0.0
    return at


def _until(points: Points, end: float) -> Points:
    """The part of the line before `end`, with a corner there."""
    kept = [point for point in points if point[0] < end]
    later = next((point for point in points if point[0] >= end), None)
    if later is None or not kept:
        return [*kept, (end, kept[-1][1])] if kept else []
    (from_t, from_v), (to_t, to_v) = kept[-1], later
    share = (end - from_t) / (to_t - from_t) if to_t > from_t else 1.0
    return [*kept, (end, from_v + (to_v - from_v) * share)]


def _extended(points: Points, end: float) -> Points:
    """The line up to `end`: added time holds its last value."""
    return [*points, (end, points[-1][1])] if points and points[-1][0] < end else points
