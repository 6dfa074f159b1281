"""The JSON that the charts of a run are drawn from: in the page, and row by row over its stream. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from webui.analysis.chart_rows import COLUMNS, START, Row, chart_rows, generation_of, histogram_bins
from webui.analysis.document import StepPart
from webui.analysis.knee import levels_of
from webui.analysis.results import step_parts
from webui.pages.planned import planned_points
from webui.pages.run_context import diagnosis_of, latency_limits
from webui.pages.run_rows import change_rows
from webui.pages.templating import render
from webui.pages.verdict import chart_of
from webui.runs.model import RunView

# Views of ended runs are kept while they are asked for, and their rows never change.
_ROWS: WeakKeyDictionary[RunView, Sequence[Row]] = WeakKeyDictionary()

_OVERLAP = 10  # rows sent again on coming back: one that was still filling may have changed since


@dataclass(frozen=True, slots=True)
class WholeChart:
    """Everything that the charts need, as JSON that is safe inside a script element, and where it ends."""

    json: str
    position: str


def whole_chart(view: RunView) -> WholeChart:
    """The charts of a run as it now is."""
    rows = rows_of(view)
    data = {
        "columns": COLUMNS,
        "limits": [list(limit) for limit in sorted(latency_limits(view.plan, view.baseline_values).items())],
        **chart_update(view, rows, whole=True),
    }
    return WholeChart(to_json(data).replace("<", "\\u003c"), position_of(generation_of(view.snapshots), rows))


def rows_of(view: RunView) -> Sequence[Row]:
    """The rows of the run's charts, computed once for each view of an ended run."""
    if view.live:
        return chart_rows(view.snapshots)
    if view not in _ROWS:
        _ROWS[view] = chart_rows(view.snapshots)
    return _ROWS[view]


def chart_update(view: RunView, rows: Sequence[Row], *, whole: bool) -> dict[str, Any]:
    """Rows that are new or changed (all of them: `whole`), and the histogram so far. Small
    beside the rows and so always whole: marks as [s, words], the planned load's corners, a sweep's steps and
    what the diagnosis adds to them."""
    bins: list[list[float]] = []
    if view.total is not None:
        figures = view.total.all_endpoints
        bins = histogram_bins(figures.response, figures.failed)
    return {
        "whole": whole,
        "rows": rows,
        "bins": bins,
        "planned_s": view.planned_s,
        "live": view.live,
        "marks": [[row.t_s, render("run/mark.txt", row).strip()] for row in change_rows(view) if row.applied],
        "plan": planned_points(view),
        "steps": [_step(part) for part in _steps(view)],
        "diagnosis": chart_of(diagnosis_of(view)),
    }


def _steps(view: RunView) -> Sequence[StepPart]:
    return levels_of(step_parts(view.steps) if diagnosis_of(view) is None else view.result().steps)


def _step(part: StepPart) -> list[float | None]:
    """Users, successes per second, success in percent, p50, p95 and p99 in ms."""
    times = part.response_time_ms
    return [part.users, part.throughput_rps, part.success_percent, times.p50, times.p95, times.p99]


def to_json(data: object) -> str:
    """Compact JSON."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def position_of(generation: int, rows: Sequence[Row]) -> str:
    """Where a viewer of these rows stands: the id that its browser sends back after a lost connection."""
    return f"{generation}-{_start_ms(rows[-1]) if rows else 0}"


def rows_after(position: str | None, generation: int, rows: Sequence[Row]) -> tuple[Sequence[Row], bool]:
    """The rows for a viewer who comes back from `position`, and whether they are the whole series anew."""
    theirs, _, start_ms = (position or "").partition("-")
    if theirs != str(generation) or not start_ms.isdecimal():
        return rows, True
    known = sum(_start_ms(row) <= int(start_ms) for row in rows)
    return rows[max(0, known - _OVERLAP) :], False


def _start_ms(row: Row) -> int:
    start = row[START]
    return round(start * 1000) if isinstance(start, float) else 0
