"""What a run's owner may change while it goes on, and what the change form says. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from webui.errors import InvalidInput, Problem
from webui.pages.planned import planned_rate
from webui.plan.load import ConstantRate, ConstantUsers, RampingRate, RampingUsers, planned_s
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.units import parse_count, parse_duration, parse_rate

USERS_STEP = 10


@dataclass(frozen=True, slots=True)
class Stepper:
    """A number to change by steps or by typing it. `value`: as last asked for, else as it now is."""

    kind: Literal["users", "rate_rps"]
    value: float
    applying: bool

    @property
    def text(self) -> str:
        """The value as it stands in the field."""
        return f"{self.value:.6g}" if self.value < 1e6 else f"{self.value:.0f}"


@dataclass(frozen=True, slots=True)
class Controls:
    """The changes that fit the run's shape and state."""

    stepper: Stepper | None
    can_pause: bool
    paused: bool
    can_add_time: bool

    @property
    def any(self) -> bool:
        """Whether there is anything to change."""
        return self.stepper is not None or self.can_pause or self.can_add_time


def controls_of(view: RunView) -> Controls | None:
    """What can be changed now; None unless it runs."""
    if view.status is not RunStatus.RUNNING:
        return None
    load = view.plan.load
    return Controls(
        stepper=_stepper(view),
        can_pause=True,
        paused=view.paused,
        can_add_time=planned_s(load) is not None,
    )


def _stepper(view: RunView) -> Stepper | None:
    load = view.plan.load
    if isinstance(load, ConstantUsers | RampingUsers):
        now = view.snapshots[-1].users if view.snapshots else 0
        target = view.users_target
        return Stepper("users", now if target is None else target, _applying(view, "users"))
    if isinstance(load, ConstantRate | RampingRate):
        return Stepper("rate_rps", round(planned_rate(view) or 0.0, 2), _applying(view, "rate"))
    return None


def _applying(view: RunView, kind: str) -> bool:
    return any(change.kind == kind and not change.applied for change in view.changes)


def rate_step(rate: float) -> float:
    """About a tenth of a rate, with one digit: 500 -> 50, 123 -> 10, 7 -> 0.7; 0.1 at the least."""
    tenth = rate / 10
    if tenth <= 0.1:
        return 0.1
    power = 10.0 ** math.floor(math.log10(tenth))
    return max(0.1, round(tenth / power) * power)


def changes_from(fields: Mapping[str, str], view: RunView) -> dict[str, Any]:
    """The arguments of `RunManager.change` that the form's fields state: users or rate_rps as typed, or one
    step `by` less or more; paused; add_time. Raises InvalidInput with a sentence."""
    if "paused" in fields:
        return {"paused": fields["paused"] == "true"}
    if "add_time" in fields:
        return {"add_s": _read("add_s", parse_duration, fields["add_time"])}
    stepper = _stepper(view)
    if stepper is not None and fields.get("by") in ("less", "more"):
        return {stepper.kind: _stepped(stepper, 1 if fields["by"] == "more" else -1)}
    if "users" in fields:
        return {"users": _read("users", parse_count, fields["users"])}
    if "rate_rps" in fields:
        return {"rate_rps": _read("rate_rps", parse_rate, fields["rate_rps"])}
    raise InvalidInput([Problem("", "say what to change")])


def _stepped(stepper: Stepper, sign: int) -> float:
    if stepper.kind == "users":
        return int(max(1, stepper.value + sign * USERS_STEP))
    return max(0.1, round(stepper.value + sign * rate_step(stepper.value), 6))


def _read(field: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInput.at(field, str(error)) from None
