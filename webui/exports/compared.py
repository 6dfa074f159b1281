"""The figures behind the charts of a comparison, and of a plan's trend, as CSV files. Pure.

One row for each run and moment, so that runs of other lengths and intervals stand in one file. Columns are
named as on the page, with their units. What could not be measured is `N/A`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from webui.analysis.compare import LETTERS, check_count, distribution_of
from webui.errors import NotFound
from webui.exports.charts import ChartFile
from webui.exports.tables import Row, csv_file, safe_text
from webui.runs.model import RunView
from webui.store import RunSummary

# Chart: the row's field, and what its column is called.
_OVER_TIME: Mapping[str, tuple[str, str]] = {
    "throughput": ("throughput_rps", "Successes/s"),
    "p50": ("p50_ms", "p50 ms"),
    "p95": ("p95_ms", "p95 ms"),
}
COMPARED_CHARTS = ("curve", *_OVER_TIME)
TREND = (
    "Run", "Name", "Started", "p50 ms", "p95 ms", "p99 ms", "Successes/s", "Success %",
)  # fmt: skip


def compared_chart(views: Sequence[RunView], name: str) -> ChartFile:
    """A chart's figures of all runs, in their order. Raises NotFound for a chart that there is not,
    InvalidInput for runs that make no comparison."""
    if name not in COMPARED_CHARTS:
        raise NotFound(f"There is no chart {name[:40]!r}; there are {', '.join(COMPARED_CHARTS)}.")
    check_count([view.id for view in views])
    head, cells = (("Percentile", "ms"), _curve) if name == "curve" else _over_time(*_OVER_TIME[name])
    rows = [
        [letter, safe_text(view.name or view.plan.title), *row]
        for letter, view in zip(LETTERS, views, strict=False)
        for row in cells(view)
    ]
    file_name = f"katydid-compare-{'-'.join(view.id for view in views)}-{name}.csv"
    return ChartFile(csv_file(("Run", "Name", *head), rows), file_name)


def _curve(view: RunView) -> Iterator[Row]:
    if view.total is not None:
        for point in distribution_of(view.total.all_endpoints.response):
            yield [point.percentile, point.ms]


def _over_time(field: str, column: str) -> tuple[Sequence[str], Callable[[RunView], Iterator[Row]]]:
    def cells(view: RunView) -> Iterator[Row]:
        for row in view.result().snapshots:
            yield [row.t_s - row.interval_s, row.t_s, getattr(row, field)]

    return ("From s", "To s", column), cells


def trend_file(plan_key: str, runs: Sequence[RunSummary]) -> ChartFile:
    """The figures of a plan's runs, in the order given."""
    rows = [
        [
            run.id,
            safe_text(run.name),
            (run.started_at or run.created_at).isoformat(),
            run.p50_ms,
            run.p95_ms,
            run.p99_ms,
            run.throughput_rps,
            run.success_percent,
        ]
        for run in runs
    ]
    return ChartFile(csv_file(TREND, rows), f"katydid-trend-{plan_key}.csv")
