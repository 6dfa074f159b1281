"""What may be changed while a run goes on: users, rate, pause, time. Which change fits which run, and what
the changes do to the run's planned end. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from webui.analysis.pauses import pauses
from webui.errors import Conflict, InvalidInput, Problem
from webui.metrics.snapshot import Mark
from webui.plan.load import (
    MAX_DURATION_S,
    MAX_RATE,
    MAX_USERS,
    ConstantRate,
    ConstantUsers,
    RampingRate,
    RampingUsers,
    Shape,
    planned_s,
)
from webui.units import NS_PER_S

ChangeKind = Literal["users", "rate", "pause", "resume", "add_time"]
Wanted = tuple[ChangeKind, float | None]
SHORTEST_ADDED_S = 0.1


@dataclass(frozen=True, slots=True)
class RunChange:
    """One change of a run. `number` counts from 1. `value` is users, starts per second or seconds.

    `t_s`, since the start of the run, is when it took effect; while it is not `applied`, when it was asked
    for.
    """

    number: int
    kind: ChangeKind
    value: float | None
    t_s: float
    applied: bool


def wanted_changes(
    users: int | None, rate_rps: float | None, paused: bool | None, add_s: float | None
) -> list[Wanted]:
    """What is asked for, in the order in which it is done. Raises InvalidInput for what is out of range."""
    wanted: list[Wanted] = []
    if users is not None:
        wanted.append(("users", float(users)))
    if rate_rps is not None:
        wanted.append(("rate", rate_rps))
    if add_s is not None:
        wanted.append(("add_time", add_s))
    if paused is not None:
        wanted.append(("pause" if paused else "resume", None))
    problems = [problem for each in wanted if (problem := _problem(*each))]
    if not wanted:
        problems = [Problem("", "say what to change: users, rate_rps, paused or add_s")]
    if problems:
        raise InvalidInput(problems)
    return wanted


def _problem(kind: ChangeKind, value: float | None) -> Problem | None:
    if value is None:
        return None
    if kind == "users" and not (1 <= value <= MAX_USERS and value == int(value)):
        return Problem("users", f"must be a whole number from 1 to {MAX_USERS:,}")
    if kind == "rate" and not (0 < value <= MAX_RATE):
        return Problem(
            "rate_rps", f"must be above 0 and {MAX_RATE:,.0f} at most; pause the load to send nothing"
        )
    if kind == "add_time" and not (SHORTEST_ADDED_S <= value <= MAX_DURATION_S):
        return Problem("add_s", f"must be {SHORTEST_ADDED_S:g} s to 7 days")
    return None


def check_fits(load: Shape, wanted: Wanted, end_s: float | None) -> None:
    """Raises Conflict with the reason when a run of that shape, planned to end at `end_s`, has no such
    change."""
    kind, value = wanted
    reason = _misfit(load, kind)
    if reason is None and kind == "add_time" and (end_s or 0.0) + (value or 0.0) > MAX_DURATION_S:
        reason = "A test lasts 7 days at most."
    if reason is not None:
        raise Conflict(reason)


def _misfit(load: Shape, kind: ChangeKind) -> str | None:
    if kind == "users" and not isinstance(load, ConstantUsers | RampingUsers):
        return f"The number of users cannot be changed in a test of the shape {load.shape}."
    if kind == "rate" and not isinstance(load, ConstantRate | RampingRate):
        return f"The rate cannot be changed in a test of the shape {load.shape}: it plans users, not a rate."
    if kind == "add_time" and planned_s(load) is None:
        return "This test has no planned end that could be moved."
    return None


def changes_nothing(load: Shape, made: Sequence[RunChange], wanted: Wanted) -> bool:
    """Whether what is asked for is so already."""
    kind, value = wanted
    if kind in ("pause", "resume"):
        return is_paused(made) == (kind == "pause")
    if kind == "users":
        return users_target(load, made) == value
    return kind == "rate" and rate_target(load, made) == value


def of_marks(marks: Iterable[Mark]) -> list[RunChange]:
    """The changes that engines have applied."""
    return [
        RunChange(mark.number, cast(ChangeKind, mark.kind), mark.value, mark.t_ns / NS_PER_S, applied=True)
        for mark in marks
    ]


def confirmed(asked: Sequence[RunChange], marks: Sequence[Mark]) -> list[RunChange]:
    """`asked` with what the engines' marks tell of them."""
    applied_s = {mark.number: mark.t_ns / NS_PER_S for mark in marks}
    return [
        replace(change, t_s=applied_s[change.number], applied=True) if change.number in applied_s else change
        for change in asked
    ]


def is_paused(changes: Iterable[RunChange]) -> bool:
    """Whether the last word was to pause."""
    kinds = [change.kind for change in changes if change.kind in ("pause", "resume")]
    return bool(kinds) and kinds[-1] == "pause"


def paused_s(changes: Iterable[RunChange], until_s: float) -> float:
    """How long the load was paused altogether, up to `until_s` since the start."""
    return math.fsum(end - begin for begin, end in pauses(changes, until_s))


def planned_end_s(load: Shape, changes: Sequence[RunChange], until_s: float) -> float | None:
    """When the load ends, since the start: as planned, moved by added time and by pauses up to `until_s`."""
    base = planned_s(load)
    if base is None:
        return None
    added = math.fsum(change.value or 0.0 for change in changes if change.kind == "add_time")
    return base + added + paused_s(changes, until_s)


def offered_s(measured_s: float, planned_end_s: float | None, changes: Iterable[RunChange]) -> float:
    """How long load was offered until `measured_s`, what came after the planned end and pauses taken off."""
    until = measured_s if planned_end_s is None else min(measured_s, planned_end_s)
    return until - paused_s(changes, until)


def users_target(load: Shape, changes: Iterable[RunChange]) -> int | None:
    """The number of users last asked for; None where the shape itself moves it."""
    asked = [change.value for change in changes if change.kind == "users" and change.value is not None]
    if asked:
        return int(asked[-1])
    return load.users if isinstance(load, ConstantUsers) else None


def rate_target(load: Shape, changes: Iterable[RunChange]) -> float | None:
    """The rate last asked for; None where the shape itself moves it, or plans users."""
    asked = [change.value for change in changes if change.kind == "rate" and change.value is not None]
    if asked:
        return asked[-1]
    return load.rate_rps if isinstance(load, ConstantRate) else None
