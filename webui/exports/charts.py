"""The figures behind each chart of a run as a CSV file, of the whole run or of a stretch.

Columns are named as on the page, with their units. What could not be measured is `N/A`. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from webui.analysis.chart_rows import COLUMNS, Cell, chart_rows, heat_edges_ms, histogram_bins
from webui.analysis.endpoint_rows import ENDPOINT_COLUMNS, endpoint_rows
from webui.errors import InvalidInput, NotFound
from webui.exports import tables
from webui.exports.tables import csv_file, safe_text
from webui.metrics.snapshot import Snapshot, merge_time
from webui.runs.model import RunView
from webui.runs.redacted import redacted
from webui.runs.stretch import stretch_of

MEDIA_TYPE = "text/csv; charset=utf-8"

# Chart: the columns of its rows, and what they are called.
_OVER_TIME: Mapping[str, Mapping[str, str]] = {
    "throughput": {
        "users": "Users", "in_flight": "In flight", "rate": "Requests/s", "throughput": "Successes/s",
        "offered": "Offered/s", "dropped": "Dropped/s",
    },
    "latency": {
        "p50": "p50 ms", "p90": "p90 ms", "p95": "p95 ms", "p99": "p99 ms",
        "s50": "Service p50 ms", "s99": "Service p99 ms",
    },
    "statuses": {
        "c2": "2xx/s", "c3": "3xx/s", "c4": "4xx/s", "c5": "5xx/s", "none": "No response/s",
        "f4": "Failed 4xx/s", "f5": "Failed 5xx/s", "fnone": "Failed without response/s",
        "fother": "Failed otherwise/s",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChartFile:
    """One chart's figures as a file."""

    data: bytes
    file_name: str


def _over_time(name: str) -> Callable[[RunView], bytes]:
    def render(view: RunView) -> bytes:
        chosen = {"start_s": "From s", "end_s": "To s", **_OVER_TIME[name]}
        places = [COLUMNS.index(column) for column in chosen]
        rows = [[_number(row[place]) for place in places] for row in chart_rows(view.snapshots)]
        return csv_file(list(chosen.values()), rows)

    return render


def _distribution(view: RunView) -> bytes:
    bins: list[list[float]] = []
    if view.total is not None:
        bins = histogram_bins(view.total.all_endpoints.response, view.total.all_endpoints.failed)
    rows = [[from_ms, to_ms, int(good), int(bad)] for from_ms, to_ms, good, bad in bins]
    return csv_file(("From ms", "To ms", "Successes", "Failures"), rows)


def _heatmap(view: RunView) -> bytes:
    return csv_file(("From s", "To s", "From ms", "To ms", "Requests"), _cells(view.snapshots))


def _cells(snapshots: Sequence[Snapshot]) -> Iterator[tables.Row]:
    start, end, heat = (COLUMNS.index(name) for name in ("start_s", "end_s", "heat"))
    for row in chart_rows(snapshots):
        found = row[heat]
        if isinstance(found, list) and found:
            first, *counts = found
            for place, number in enumerate(counts):
                if number:
                    yield [_number(row[start]), _number(row[end]), *heat_edges_ms(first + place), number]


def _endpoints(view: RunView) -> bytes:
    head = ("Endpoint", "From s", "To s", "Users", "Requests/s", "Successes/s", "Failures/s",
            "p50 ms", "p95 ms", "p99 ms")  # fmt: skip
    assert len(head) == len(ENDPOINT_COLUMNS) + 1
    rows = [
        [safe_text(request.label), *(_number(cell) for cell in row)]
        for place, request in enumerate(view.plan.requests)
        for row in endpoint_rows(view.snapshots, place)
    ]
    return csv_file(head, rows)


def _number(cell: Cell) -> float | int | None:
    return None if isinstance(cell, list) else cell


CHARTS: Mapping[str, Callable[[RunView], bytes]] = {
    **{name: _over_time(name) for name in _OVER_TIME},
    "heatmap": _heatmap,
    "histogram": _distribution,
    "endpoints": _endpoints,
}


def chart_file(view: RunView, name: str, from_s: float | None = None, to_s: float | None = None) -> ChartFile:
    """The chart's figures, of the stretch where one is given, without secrets. Raises NotFound for a chart
    that there is not, InvalidInput for a stretch without figures."""
    if name not in CHARTS:
        raise NotFound(f"There is no chart {name[:40]!r}; there are {', '.join(CHARTS)}.")
    shown, part = redacted(view), ""
    if from_s is not None or to_s is not None:
        shown = _cut(shown, from_s, to_s)
        part = f"-{shown.snapshots[0].start_ns / 1e9:g}s-{shown.snapshots[-1].end_ns / 1e9:g}s"
    return ChartFile(CHARTS[name](shown), f"katydid-{view.id}-{name}{part}.csv")


def _cut(view: RunView, from_s: float | None, to_s: float | None) -> RunView:
    if not view.snapshots:
        raise InvalidInput.at("from_s", "nothing was measured in this stretch")
    end = view.snapshots[-1].end_ns / 1e9
    stretch, _ = stretch_of(view, from_s or 0.0, end if to_s is None else to_s)
    return replace(view, snapshots=stretch.snapshots, total=merge_time(stretch.snapshots))
