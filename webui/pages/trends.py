"""A plan's runs as trends: small charts of its figures, with the places where one broke. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from webui.analysis.trend import ChangePoint, change_points
from webui.store import RunSummary

LONGEST = 200  # of the newest runs
WIDTH, HEIGHT = 320.0, 96.0
_TOP = 8.0
# field, unit, whether more is better
_SERIES = (
    ("p50_ms", "ms", False),
    ("p95_ms", "ms", False),
    ("p99_ms", "ms", False),
    ("throughput_rps", "/s", True),
    ("success_percent", "%", True),
)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a series moved: `x` in the chart, `run` the first one after it."""

    x: float
    run: RunSummary
    before: float
    after: float
    percent: float | None
    worse: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """One run in a chart."""

    x: float
    y: float
    value: float
    run: RunSummary


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over the runs that have it, in a box of `WIDTH` by `HEIGHT` whose y goes from `low` to
    `high`."""

    metric: str
    unit: str
    low: float
    high: float
    dots: Sequence[Dot]
    breaks: Sequence[Break]

    @property
    def points(self) -> str:
        """The dots as the points of an SVG polyline."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)

    @property
    def step(self) -> float:
        """How far the dots stand apart."""
        return self.dots[1].x - self.dots[0].x


def trends_of(runs: Sequence[RunSummary]) -> list[Trend]:
    """The trends of runs in order of time; those with fewer than two values are left out."""
    found = [_trend(runs, name, unit, more) for name, unit, more in _SERIES]
    return [trend for trend in found if trend is not None]


def _trend(runs: Sequence[RunSummary], metric: str, unit: str, more: bool) -> Trend | None:
    known = [run for run in runs if getattr(run, metric) is not None]
    values = [float(getattr(run, metric)) for run in known]
    if len(values) < 2:
        return None
    # A percentage that falls from 100 to 99 is a large change: its axis need not begin at 0.
    low = min(values) if unit == "%" else 0.0
    high = 100.0 if unit == "%" else max(values)
    dots = [_dot(place, run, values, low, high) for place, run in enumerate(known)]
    return Trend(
        metric=metric,
        unit=unit,
        low=low,
        high=high,
        dots=dots,
        breaks=[_break(point, known, dots, more) for point in change_points(values)],
    )


def _dot(place: int, run: RunSummary, values: Sequence[float], low: float, high: float) -> Dot:
    share = (values[place] - low) / (high - low) if high > low else 0.5
    x = 4 + (WIDTH - 8) * place / (len(values) - 1)
    return Dot(x, HEIGHT - 4 - (HEIGHT - 4 - _TOP) * share, values[place], run)


def _break(point: ChangePoint, runs: Sequence[RunSummary], dots: Sequence[Dot], more: bool) -> Break:
    x = (dots[point.at - 1].x + dots[point.at].x) / 2
    worse = (point.after < point.before) is more
    return Break(x, runs[point.at], point.before, point.after, point.percent, worse)
