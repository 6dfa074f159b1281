"""The planned load in figures and as a sketch, drawn while it is typed. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webui.pages.formload import area_of, climbs_then_holds, knots_of, levels_of, stages_of
from webui.plan.load import (
    Burst,
    ConstantRate,
    ConstantUsers,
    RampingRate,
    RampingUsers,
    Shape,
    Sweep,
    peak_rate,
    peak_users,
    planned_s,
)
from webui.sweep.planner import LONGEST_S

# The sketch, in SVG units: the plot's left, top, right and bottom.
LEFT, TOP, RIGHT, BOTTOM = 38.0, 8.0, 352.0, 108.0
SHOWN_OPEN_S = 10.0  # of a load whose end is open
MAX_SPIKES = 12
MAX_LEVEL_LABELS = 7
LONGEST_SETTLING_S = 4.0  # of a level of a sweep
WAITS_S = 8.0  # for the last answers, and for one user again, after a sweep begins nothing more
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)

Knots = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis of the sketch, in SVG units, and the value there."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Preview:
    """The planned load. `total_s` is None when time does not end the run; it is the longest that the run
    can take where `at_most`. `requests` is None where the target decides. `course` tells the words for
    stages: `ramp`, `steps` or `line`; `levels` are the values that they go through.

    `line` and `area` are points of SVG shapes; where the end is open, `open_line` goes on from it, dashed.
    `axis` tells what `x_ticks` count: `time`, `bursts` or `users`.
    """

    load: Shape
    total_s: float | None
    at_most: bool
    requests: int | None
    peak: int
    pause_s: tuple[float, float] | None
    ends_at: datetime | None  # in the server's zone
    course: str
    levels: Sequence[float]
    line: str
    area: str
    open_line: str
    y_ticks: Sequence[Tick]
    x_ticks: Sequence[Tick]
    axis: str = "time"

    @property
    def steps(self) -> int:
        """How many levels a sweep tries at most before it looks closer."""
        return len(self.levels)


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A line in the units of the load: corners over x from 0 to `width`, and a dashed rest."""

    knots: Knots
    width: float
    rest: Knots
    x_ticks: Sequence[float]
    axis: str = "time"


def preview_of(load: Shape, pause: tuple[float, float] | None = None, now: datetime | None = None) -> Preview:
    """The preview of a load; `pause` is the users' pause between requests in seconds."""
    total = _longest_s(load) if isinstance(load, Sweep) else planned_s(load)
    ends = None if total is None else (now or datetime.now(UTC)).astimezone() + timedelta(seconds=total)
    sketch = _sketch(load)
    course, levels = _course(load)
    top = nice_ceiling(peak_rate(load) or peak_users(load))
    points = [_point(knot, sketch.width, top) for knot in sketch.knots]
    ground = [_point((x, 0.0), sketch.width, top) for x in (sketch.knots[0][0], sketch.knots[-1][0])]
    return Preview(
        load=load,
        total_s=total,
        at_most=isinstance(load, Sweep) or (total is not None and _requests_of_users(load) is not None),
        requests=_requests(load),
        peak=peak_users(load),
        pause_s=pause if pause and pause[1] > 0 else None,
        ends_at=ends,
        course=course,
        levels=levels,
        line=" ".join(points),
        area=" ".join([ground[0], *points, ground[1]]),
        open_line=" ".join(_point(knot, sketch.width, top) for knot in sketch.rest),
        y_ticks=[Tick(_y(value, top), value) for value in value_ticks(top)],
        x_ticks=[Tick(LEFT + (RIGHT - LEFT) * x / sketch.width, x) for x in sketch.x_ticks]
        if sketch.axis != "users"
        else _level_ticks(levels),
        axis=sketch.axis,
    )


def _point(knot: tuple[float, float], width: float, top: float) -> str:
    return f"{LEFT + (RIGHT - LEFT) * knot[0] / width:.1f},{_y(knot[1], top):.1f}"


def _y(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def _sketch(load: Shape) -> _Sketch:
    if isinstance(load, ConstantUsers):
        return _steady(load)
    if isinstance(load, ConstantRate):
        return _held([(0.0, load.rate_rps)], load.duration_s, SHOWN_OPEN_S)
    if isinstance(load, RampingUsers | RampingRate):
        begin, stages = stages_of(load)
        return _Sketch(knots_of(begin, stages), load.duration_s, (), time_ticks(load.duration_s))
    return _spikes(load) if isinstance(load, Burst) else _stairs(load)


def _steady(load: ConstantUsers) -> _Sketch:
    shown = load.duration_s if load.duration_s is not None else max(SHOWN_OPEN_S, load.ramp_s * 2)
    highest = load.users if load.ramp_s <= shown else max(1.0, load.spawn_per_s * shown)
    climb = [(0.0, 1.0), (min(load.ramp_s, shown), highest)]
    return _held(climb, load.duration_s, shown)


def _held(knots: list[tuple[float, float]], total: float | None, shown: float) -> _Sketch:
    """The last value goes on to the end, dashed where that is open."""
    if total is not None:
        return _Sketch([*knots, (total, knots[-1][1])], total, (), time_ticks(total))
    until = max(knots[-1][0], shown * 0.7)
    held, end = (until, knots[-1][1]), (shown, knots[-1][1])
    return _Sketch([*knots, held], shown, [held, end], [0.0])


def _spikes(load: Burst) -> _Sketch:
    """One spike each, at even distances: how long they take depends on the target."""
    shown = min(load.count, MAX_SPIKES)
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    for number in range(1, shown + 1):
        knots += [(number - 0.3, 0.0), (number - 0.3, load.size), (number + 0.1, 0.0)]
    width = shown + 0.4
    rest = [knots[-1], (width, 0.0)] if load.count > shown else []
    step = max(1, math.ceil(shown / 6))
    return _Sketch(knots, width, rest, [float(n) - 0.3 for n in range(1, shown + 1, step)], "bursts")


def _stairs(load: Sweep) -> _Sketch:
    knots: list[tuple[float, float]] = []
    levels = sweep_levels(load)
    for number, users in enumerate(levels):
        knots += [(float(number), users), (number + 1.0, users)]
    return _Sketch(knots, float(len(levels)), (), (), "users")


def _level_ticks(levels: Sequence[float]) -> list[Tick]:
    width = (RIGHT - LEFT) / len(levels)
    step = math.ceil(len(levels) / MAX_LEVEL_LABELS)
    shown = range(len(levels) - 1, -1, -step)  # the highest level always has its label
    return [Tick(LEFT + width * (number + 0.5), levels[number]) for number in sorted(shown)]


def sweep_levels(load: Sweep) -> list[int]:
    """The levels of the part that doubles, as long as throughput grows."""
    levels = [load.from_]
    while levels[-1] < load.to:
        levels.append(min(load.to, levels[-1] * 2))
    return levels


def _longest_s(load: Sweep) -> float:
    return LONGEST_S + (WAITS_S if load.step_s is None else 2 * (LONGEST_SETTLING_S + load.step_s))


def _course(load: Shape) -> tuple[str, Sequence[float]]:
    if isinstance(load, Sweep):
        return "sweep", [float(users) for users in sweep_levels(load)]
    if not isinstance(load, RampingUsers | RampingRate):
        return "", ()
    begin, stages = stages_of(load)
    if climbs_then_holds(stages):
        return "ramp", (begin, stages[0][1])
    levels = levels_of(begin, stages)
    return ("steps", [v for _, v in levels]) if levels else ("line", [begin, *(v for _, v in stages)])


def _requests(load: Shape) -> int | None:
    if isinstance(load, Burst):
        return load.size * load.count
    if isinstance(load, ConstantRate):
        return None if load.duration_s is None else _starts(load.rate_rps * load.duration_s)
    if isinstance(load, RampingRate):
        return _starts(area_of(knots_of(*stages_of(load))))
    return _requests_of_users(load)


def _requests_of_users(load: Shape) -> int | None:
    if not isinstance(load, ConstantUsers):
        return None
    return load.users * load.iterations_per_user if load.iterations_per_user else load.iterations


def _starts(area: float) -> int:
    """Starts at 0, 1, 2, … of the rate's integral, all below its end."""
    return math.ceil(area - 1e-6)


def nice_ceiling(value: float) -> float:
    """The smallest of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten that is at least `value`; 2 or more
    for whole numbers of users."""
    wanted = max(2.0, value) if value >= 1 else value
    power = 10.0 ** (math.ceil(math.log10(wanted)) - 1)
    top = next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10, 20) if step * power >= wanted * (1 - 1e-9))
    return round(top) if top >= 1 else top


def value_ticks(top: float) -> list[float]:
    """0, the middle where it is whole (or the axis is below 1), and the top."""
    return [0, top / 2, top] if top < 1 or top % 2 == 0 else [0, top]


def time_ticks(total_s: float) -> list[float]:
    """Round times from 0 on, at most 6."""
    step = next((step for step in _STEPS_S if total_s / step <= 5), math.ceil(total_s / 5 / 86400) * 86400)
    return [i * step for i in range(int(total_s / step + 1e-9) + 1)]
