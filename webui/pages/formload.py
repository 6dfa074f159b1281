"""The load shapes of the form: fields to the plan's `load`, a plan's `load` to fields. Pure.

Stages join by lines, or as steps: a step is a stage of no length to its level and one that holds it.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from webui.pages.forms import FormFields, StageRow
from webui.pages.formtext import (
    Reader,
    duration_text,
    number_text,
    rate_from_text,
    seconds_from_text,
    stages_from_text,
)
from webui.plan.load import (
    Burst,
    ConstantRate,
    ConstantUsers,
    RampingRate,
    RampingUsers,
    Shape,
    Sweep,
)
from webui.units import parse_count

Stages = Sequence[tuple[float, float]]  # seconds, value reached
_STAGE = re.compile(r"stages\[(\d+)\]\.?(\w*)")
_CONTROLS = {
    "steady": {"": "users", "users": "users", "duration_s": "duration", "iterations": "iterations",
               "iterations_per_user": "iterations", "spawn_rate": "spawn_rate"},
    "ramp": {"": "ramp_time", "start_users": "ramp_from"},
    "rate": {"": "rate", "rate_rps": "rate", "duration_s": "rate_time", "max_users": "in_flight"},
    "stages": {"start_users": "stages_from", "start_rate_rps": "stages_from", "max_users": "in_flight"},
    "burst": {"": "burst_size", "size": "burst_size", "count": "burst_count", "pause_s": "burst_pause"},
    "sweep": {"": "sweep_to", "from": "sweep_from", "to": "sweep_to", "step_s": "sweep_time",
              "limit": "sweep_limit"},
}  # fmt: skip


class LoadReader(Reader):
    """Reads the chosen shape's fields. `rows` has the control of each stage of the plan, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[str] = []

    def load(self, fields: FormFields) -> dict[str, Any]:
        """The plan's `load`; what cannot be read has a valid value in its place."""
        shapes: dict[str, Callable[[FormFields], dict[str, Any]]] = {
            "ramp": self._ramp,
            "rate": self._rate,
            "stages": self._stages,
            "burst": self._burst,
            "sweep": self._sweep,
        }
        return shapes.get(fields.shape, self._steady)(fields)

    def control(self, field: str, fields: FormFields) -> str:
        """The control that a problem of the plan's `load` belongs to; `field` is the path inside it."""
        if match := _STAGE.fullmatch(field):
            return self._stage_control(int(match[1]), match[2], fields)
        known = _CONTROLS[fields.shape]
        fallback = self.rows[0] if self.rows else ""
        return known.get(field) or known.get("", fallback)

    def _stage_control(self, number: int, part: str, fields: FormFields) -> str:
        if fields.shape == "ramp":
            return "ramp_to" if part == "users" else ("ramp_time", "ramp_hold")[min(number, 1)]
        return self.rows[min(number, len(self.rows) - 1)] if self.rows else "stages_from"

    def _count(self, control: str, fields: FormFields) -> int:
        return self.read(control, parse_count, getattr(fields, control), 1)

    def _seconds(self, control: str, fields: FormFields) -> float:
        return self.read(control, seconds_from_text, getattr(fields, control), 1.0)

    def _steady(self, fields: FormFields) -> dict[str, Any]:
        data: dict[str, Any] = {"shape": "constant-users", "users": self._count("users", fields)}
        if fields.spawn_rate.strip():
            data["spawn_rate"] = self.read("spawn_rate", rate_from_text, fields.spawn_rate, 1.0)
        if fields.end in ("duration", "both"):
            data["duration_s"] = self._seconds("duration", fields)
        if fields.end in ("iterations", "both"):
            per_user = fields.iterations_per == "user"
            data["iterations_per_user" if per_user else "iterations"] = self._count("iterations", fields)
        return data

    def _ramp(self, fields: FormFields) -> dict[str, Any]:
        peak = self._count("ramp_to", fields)
        times = self._seconds("ramp_time", fields), self._seconds("ramp_hold", fields)
        return {
            "shape": "ramping-users",
            "start_users": self._count("ramp_from", fields),
            "stages": [{"duration_s": seconds, "users": peak} for seconds in times],
        }

    def _rate(self, fields: FormFields) -> dict[str, Any]:
        data = {
            "shape": "constant-rate",
            "rate_rps": self.read("rate", rate_from_text, fields.rate, 1.0),
            "max_users": self._count("in_flight", fields),
            "arrivals": fields.arrivals,
        }
        if fields.rate_time.strip():
            data["duration_s"] = self._seconds("rate_time", fields)
        return data

    def _stages(self, fields: FormFields) -> dict[str, Any]:
        typed = self._typed_stages(fields)
        begin, stages = as_steps(typed) if fields.stages_join == "steps" else (None, typed)
        if begin is None:
            parse = _users if fields.stages_of == "users" else rate_from_text
            begin = self.read("stages_from", parse, fields.stages_from, 0.0)
        if fields.stages_of == "users":
            users = [{"duration_s": seconds, "users": int(value)} for seconds, value in stages]
            return {"shape": "ramping-users", "start_users": int(begin), "stages": users}
        return {
            "shape": "ramping-rate",
            "start_rate_rps": begin,
            "stages": [{"duration_s": seconds, "rate_rps": value} for seconds, value in stages],
            "max_users": self._count("in_flight", fields),
            "arrivals": fields.arrivals,
        }

    def _typed_stages(self, fields: FormFields) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        per_stage = 2 if fields.stages_join == "steps" else 1
        for row in fields.stages:
            control = f"stage-{row.key}"
            stages = self._stage_row(control, row.text, fields.stages_of)
            found += stages
            self.rows += [control] * len(stages) * per_stage
        if fields.stages_join == "steps":
            self.rows = self.rows[1:]  # the first step has no jump before it
        if not found and not self.problems:
            self.problems[f"stage-{fields.stages[0].key}"] = "write a stage such as 50 for 10 s"
        return found or [(1.0, 1.0)]

    def _stage_row(self, control: str, text: str, of: str) -> list[tuple[float, float]]:
        return self.read(control, lambda typed: stages_from_text(typed, of), text, [])

    def _burst(self, fields: FormFields) -> dict[str, Any]:
        return {
            "shape": "burst",
            "size": self._count("burst_size", fields),
            "count": self._count("burst_count", fields),
            "pause_s": self._seconds("burst_pause", fields),
        }

    def _sweep(self, fields: FormFields) -> dict[str, Any]:
        data: dict[str, Any] = {
            "shape": "sweep",
            "from": self._count("sweep_from", fields),
            "to": self._count("sweep_to", fields),
        }
        if fields.sweep_time.strip():
            data["step_s"] = self._seconds("sweep_time", fields)
        if fields.sweep_limit.strip():
            data["limit"] = fields.sweep_limit.strip()
        return data


def _users(text: str) -> float:
    return float(parse_count(text))


def as_steps(levels: Stages) -> tuple[float, Stages]:
    """Where it begins, and the stages that hold each level for its time and jump in between."""
    stages = [levels[0]]
    for seconds, value in levels[1:]:
        stages += [(0.0, value), (seconds, value)]
    return levels[0][1], stages


def levels_of(begin: float, stages: Stages) -> Stages | None:
    """The levels of stages that are steps; None where some are lines."""
    levels = [stages[0], *stages[2::2]]
    jumps = [seconds for seconds, _ in stages[1::2]]
    whole = len(stages) % 2 == 1 and not any(jumps) and all(seconds > 0 for seconds, _ in levels)
    return levels if whole and as_steps(levels) == (begin, list(stages)) else None


def climbs_then_holds(stages: Stages) -> bool:
    """Whether the stages are one way to a level and a time there."""
    return len(stages) == 2 and stages[0][1] == stages[1][1] and stages[0][0] > 0


def stages_of(load: RampingUsers | RampingRate) -> tuple[float, Stages]:
    """Where the load begins, and its stages as numbers."""
    if isinstance(load, RampingUsers):
        return float(load.start_users), [(s.duration_s, float(s.users)) for s in load.stages]
    return load.start_rate_rps, [(s.duration_s, s.rate_rps) for s in load.stages]


def fields_of_load(load: Shape) -> dict[str, Any]:
    """The fields of the form that make this load."""
    if isinstance(load, ConstantUsers):
        return _steady_fields(load)
    if isinstance(load, RampingUsers | RampingRate):
        return _stages_fields(load)
    if isinstance(load, ConstantRate):
        time = "" if load.duration_s is None else duration_text(load.duration_s)
        return {"shape": "rate", "rate": number_text(load.rate_rps), "rate_time": time} | _pool(load)
    if isinstance(load, Burst):
        size, count = f"{load.size:,}", f"{load.count:,}"
        pause = duration_text(load.pause_s)
        return {"shape": "burst", "burst_size": size, "burst_count": count, "burst_pause": pause}
    return _sweep_fields(load)


def _steady_fields(load: ConstantUsers) -> dict[str, Any]:
    number = load.iterations if load.iterations_per_user is None else load.iterations_per_user
    ends = {(True, False): "duration", (False, True): "iterations", (True, True): "both"}
    found = {
        "shape": "steady",
        "users": f"{load.users:,}",
        "end": ends.get((load.duration_s is not None, number is not None), "stop"),
        "iterations_per": "total" if load.iterations_per_user is None else "user",
        "spawn_rate": "" if load.spawn_rate is None else number_text(load.spawn_rate),
    }
    if load.duration_s is not None:
        found["duration"] = duration_text(load.duration_s)
    return found if number is None else found | {"iterations": f"{number:,}"}


def _stages_fields(load: RampingUsers | RampingRate) -> dict[str, Any]:
    begin, stages = stages_of(load)
    if isinstance(load, RampingUsers) and climbs_then_holds(stages):
        return {
            "shape": "ramp",
            "ramp_from": f"{load.start_users:,}",
            "ramp_to": f"{load.stages[0].users:,}",
            "ramp_time": duration_text(stages[0][0]),
            "ramp_hold": duration_text(stages[1][0]),
        }
    levels = levels_of(begin, stages)
    rows = [f"{number_text(value)} for {duration_text(seconds)}" for seconds, value in levels or stages]
    found = {
        "shape": "stages",
        "stages_of": "users" if isinstance(load, RampingUsers) else "rate",
        "stages_join": "steps" if levels else "line",
        "stages_from": number_text(begin),
        "stages": tuple(StageRow(str(number), row) for number, row in enumerate(rows, 1)),
    }
    return found | (_pool(load) if isinstance(load, RampingRate) else {})


def _pool(load: ConstantRate | RampingRate) -> dict[str, str]:
    return {"in_flight": f"{load.max_users:,}", "arrivals": load.arrivals}


def _sweep_fields(load: Sweep) -> dict[str, Any]:
    time = "" if load.step_s is None else duration_text(load.step_s)
    ends = {"sweep_from": f"{load.from_:,}", "sweep_to": f"{load.to:,}"}
    return {"shape": "sweep", **ends, "sweep_time": time, "sweep_limit": load.limit or ""}


def knots_of(begin: float, stages: Stages) -> list[tuple[float, float]]:
    """The corners of the line as (seconds since the start, value)."""
    knots, at = [(0.0, begin)], 0.0
    for seconds, value in stages:
        at += seconds
        knots.append((at, value))
    return knots


def area_of(knots: Sequence[tuple[float, float]]) -> float:
    """The integral of the line through these corners."""
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(knots))
