"""What the new-test form shows beside what was typed: sentences about mistakes, a preview of the load."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from webui.errors import Problem
from webui.pages.formplan import load_from_fields, pause_from_text
from webui.pages.forms import FIRST, FormFields
from webui.plan.load import ConstantUsers
from webui.plan.request import METHODS

# The sketch of the load, in SVG units: the plot's left, top, right and bottom.
LEFT, TOP, RIGHT, BOTTOM = 38.0, 8.0, 352.0, 108.0
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis of the sketch, in SVG units, and the value there."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Preview:
    """The planned load: figures in words' terms, and a sketch of users over time.

    `total_s` is None when time does not end the run. `line` and `area` are points of SVG shapes; where the
    end is open, `open_line` goes on from it, dashed.
    """

    users: int
    ramp_s: float
    total_s: float | None
    iterations: int | None
    pause_s: tuple[float, float] | None
    ends_at: datetime | None  # in the server's zone
    line: str
    area: str
    open_line: str
    users_ticks: Sequence[Tick]
    time_ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Summary:
    """What is set under Advanced, for the line that stands there while it is closed."""

    headers: int
    body: bool
    thresholds: int
    requests: int
    timeout: str
    keepalive: bool
    verify_tls: bool


@dataclass(frozen=True, slots=True)
class NewTest:
    """The form as it is shown. `errors` has a sentence for each control that is wrong, by its id,
    in the order of the page."""

    fields: FormFields
    preview: Preview | None
    summary: Summary
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""  # why nothing was started, where no control is to blame
    open: bool = False  # whether Advanced is unfolded
    methods: Sequence[str] = METHODS

    def error(self, control: str) -> str | None:
        """The sentence for a control; None when it is fine."""
        return self.errors.get(control)

    @property
    def first_error(self) -> str | None:
        """The control that gets the focus: the first wrong one."""
        return next(iter(self.errors), None)


_BASIC = ("users", "duration", "iterations", "spawn_rate", "pause")
_ADVANCED = ("thresholds", "timeout", "grace", "name", "tags", "note")
_OF_REQUEST = ("headers", "body_kind", "body", "file", "content_type", "statuses", "checks", "name", "weight")


def controls(fields: FormFields) -> list[str]:
    """The ids of all controls that can be wrong, in the order of the page."""
    found = [
        f"method-{FIRST}",
        f"url-{FIRST}",
        *_BASIC,
        *(f"{name}-{FIRST}" for name in _OF_REQUEST),
        *_ADVANCED,
    ]
    for request in fields.requests[1:]:
        found += [f"{name}-{request.key}" for name in ("method", "url", "name", "weight", *_OF_REQUEST[:7])]
    return found


def new_test(
    fields: FormFields, problems: Sequence[Problem] = (), message: str = "", *, unfold: bool = False
) -> NewTest:
    """The form with these fields and what is wrong with them."""
    known = controls(fields)
    messages = {problem.field: problem.message for problem in problems}
    errors = {control: messages[control] for control in known if control in messages}
    rest = [str(problem) for problem in problems if problem.field not in known]
    basic = {f"method-{FIRST}", f"url-{FIRST}", *_BASIC}
    return NewTest(
        fields=fields,
        preview=preview(fields),
        summary=summary(fields),
        errors=errors,
        message="; ".join([message, *rest] if message else rest),
        open=unfold or any(control not in basic for control in errors),
    )


def summary(fields: FormFields) -> Summary:
    """The line beside Advanced."""
    first = fields.requests[0]
    return Summary(
        headers=_line_count(first.headers),
        body=first.body_kind != "none",
        thresholds=_line_count(fields.thresholds),
        requests=len([r for r in fields.requests[1:] if not r.blank]),
        timeout=fields.timeout.strip()[:20],
        keepalive=fields.keepalive,
        verify_tls=fields.verify_tls,
    )


def _line_count(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


def preview(fields: FormFields, now: datetime | None = None) -> Preview | None:
    """The load that these fields describe; None while they do not describe one."""
    load = load_from_fields(fields)
    if load is None:
        return None
    try:
        pause = pause_from_text(fields.pause)
    except ValueError:
        pause = None
    total = load.duration_s
    ends = None if total is None else (now or datetime.now(UTC)).astimezone() + timedelta(seconds=total)
    return _sketch(load, pause if pause and pause[1] > 0 else None, ends)


def _sketch(load: ConstantUsers, pause: tuple[float, float] | None, ends: datetime | None) -> Preview:
    total = load.duration_s
    shown_s = total if total is not None else max(10.0, load.ramp_s * 2)
    top = nice_ceiling(load.users)
    reached = min(load.ramp_s, shown_s)
    highest = load.users if load.ramp_s <= shown_s else max(1.0, load.spawn_per_s * shown_s)
    hold_until = shown_s if total is not None else max(reached, shown_s * 0.7)

    def point(seconds: float, users: float) -> str:
        x = LEFT + (RIGHT - LEFT) * seconds / shown_s
        return f"{x:.1f},{BOTTOM - (BOTTOM - TOP) * users / top:.1f}"

    rise = [point(0, min(1, load.users)), point(reached, highest), point(hold_until, highest)]
    return Preview(
        users=load.users,
        ramp_s=load.ramp_s,
        total_s=total,
        iterations=load.iterations,
        pause_s=pause,
        ends_at=ends,
        line=" ".join(rise),
        area=" ".join([point(0, 0), *rise, point(hold_until, 0)]),
        open_line="" if total is not None else f"{rise[-1]} {point(shown_s, highest)}",
        users_ticks=[Tick(_y(value, top), value) for value in users_ticks(top)],
        time_ticks=[Tick(LEFT + (RIGHT - LEFT) * t / shown_s, t) for t in time_ticks(total)],
    )


def _y(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def nice_ceiling(value: int) -> int:
    """The smallest of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten that is at least `value`; 2 or more."""
    power: int = 10 ** max(0, math.ceil(math.log10(max(2, value))) - 1)
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= max(2, value))


def users_ticks(top: int) -> list[int]:
    """0, the middle where it is whole, and the top."""
    return [0, top // 2, top] if top % 2 == 0 else [0, top]


def time_ticks(total_s: float | None) -> list[float]:
    """Round times from 0 on, at most 6; only 0 where the end is open."""
    if total_s is None:
        return [0.0]
    step = next((step for step in _STEPS_S if total_s / step <= 5), math.ceil(total_s / 5 / 86400) * 86400)
    return [i * step for i in range(int(total_s / step + 1e-9) + 1)]
