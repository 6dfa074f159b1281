"""CSV files: the run's tables, with Locust's column names where they mean the same as there.

A cell of text that a spreadsheet would take for a formula begins with an apostrophe. What could not be
measured is `N/A`, as in Locust's files. Pure.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from webui.exports.percentiles import distribution, value_ms
from webui.exports.source import Source
from webui.metrics.histogram import Histogram, merge
from webui.metrics.snapshot import EndpointStats, merge_endpoints

Cell = str | int | float | None
Row = Sequence[Cell]

# As Locust reports them, in its order: https://docs.locust.io/en/stable/retrieving-stats.html
PERCENTILES = (50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0)
_PERCENTILE_NAMES = tuple(f"{percentile:g}%" for percentile in PERCENTILES)
AGGREGATED = "Aggregated"
_OF_RUN = ("Run Status", "Warm-Up s")  # alike in all rows

STATS = (
    "Type", "Name", "Request Count", "Failure Count", "Median Response Time", "Average Response Time",
    "Min Response Time", "Max Response Time", "Average Content Size", "Requests/s", "Failures/s",
    *_PERCENTILE_NAMES,
    "Successes", "Success %", "Success 50%", "Success 95%", "Success 99%", "Average Received Size", "Cut Off",
    "Dropped", *_OF_RUN,
)  # fmt: skip
FAILURES = ("Method", "Name", "Error", "Occurrences", "First s", "Last s", "Sample", *_OF_RUN)
HISTORY = (
    "Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *_PERCENTILE_NAMES,
    "Total Request Count", "Total Failure Count", "Total Median Response Time", "Total Average Response Time",
    "Total Min Response Time", "Total Max Response Time", "Total Average Content Size",
    "Time s", "Interval s", "In Flight", "Successes/s", "Success 50%", "Success 95%", "Success 99%",
    "Dropped", *_OF_RUN,
)  # fmt: skip
STEPS = (
    "Users", "Time s", "Duration s", "Settling s", "Successes/s", "Success %", "Request Count",
    "Failure Count", "Success 50%", "Success 95%", "Success 99%", "Average Response Time", "In Service",
    "Waiting", "Canary 50%", "Kind", *_OF_RUN,
)  # fmt: skip
DISTRIBUTION = ("Type", "Name", "Percentile", "Response Time", "Count", *_OF_RUN)


def stats_csv(source: Source) -> bytes:
    """One row for each request of the plan, then one for all. Times are in ms, and of failed requests too, as
    Locust has them; the columns that begin with Success are of successes alone."""
    rows = [_stats_row(source, method, name, stats) for method, name, stats in source.endpoints]
    return csv_file(STATS, [*rows, _stats_row(source, "", AGGREGATED, source.figures)])


def _stats_row(source: Source, method: str, name: str, stats: EndpointStats) -> Row:
    totals = stats.totals
    ended, everything = totals.successes + totals.failures, _all_times(stats)
    return [
        safe_text(method),
        safe_text(_bare_name(method, name)),
        ended,
        totals.failures,
        *_summary(everything),
        None,  # of bodies alone, which are not counted apart
        _rate(ended, source.load_s),
        _rate(totals.failures, source.load_s),
        *_percentiles(everything),
        totals.successes,
        totals.success_percent,
        *_of_successes(stats),
        totals.bytes_received / ended if ended else None,
        totals.cut_off,
        totals.dropped,
        *_of_run(source),
    ]


def failures_csv(source: Source) -> bytes:
    """One row for each kind of failure at each request; times since the start of the run."""
    methods = {name: method for method, name, _ in source.endpoints}
    rows: list[Row] = [
        [
            safe_text(methods.get(place.endpoint, "")),
            safe_text(_bare_name(methods.get(place.endpoint, ""), place.endpoint)),
            safe_text(error.kind),
            place.count,
            place.first_s,
            place.last_s,
            safe_text(place.sample),
            *_of_run(source),
        ]
        for error in source.document.errors
        for place in error.endpoints
    ]
    return csv_file(FAILURES, rows)


def history_csv(source: Source) -> bytes:
    """One row for each interval, with its own rates and percentiles; a Total is of the run so far."""
    return csv_file(HISTORY, _history(source))


def _history(source: Source) -> Iterator[Row]:
    started = source.document.started_at
    total = EndpointStats()
    for row in source.snapshots:
        now = row.all_endpoints
        total = merge_endpoints([total, now])
        yield [
            None if started is None else int(started.timestamp() + row.end_ns / 1e9),
            row.users,
            "",
            AGGREGATED,
            _rate(now.totals.successes + now.totals.failures, row.seconds),
            _rate(now.totals.failures, row.seconds),
            *_percentiles(_all_times(now)),
            total.totals.successes + total.totals.failures,
            total.totals.failures,
            *_summary(_all_times(total)),
            None,
            row.end_ns / 1e9,
            row.seconds,
            row.in_flight,
            _rate(now.totals.successes, row.seconds),
            *_of_successes(now),
            now.totals.dropped,
            *_of_run(source),
        ]


def steps_csv(source: Source) -> bytes:
    """One row for each level of a sweep; no rows for other loads."""
    rows: list[Row] = [
        [
            step.users,
            step.t_s,
            step.duration_s,
            step.settle_s,
            step.throughput_rps,
            step.success_percent,
            step.totals.successes + step.totals.failures,
            step.totals.failures,
            step.response_time_ms.p50,
            step.response_time_ms.p95,
            step.response_time_ms.p99,
            step.response_time_ms.mean,
            step.in_service,
            step.waiting,
            step.canary_p50_ms,
            safe_text(step.kind),
            *_of_run(source),
        ]
        for step in source.document.steps
    ]
    return csv_file(STEPS, rows)


def percentiles_csv(source: Source) -> bytes:
    """The response times of successes by percentile, of each request and of all."""
    parts = [*source.endpoints, ("", AGGREGATED, source.figures)]
    rows: list[Row] = [
        [
            safe_text(method),
            safe_text(_bare_name(method, name)),
            point.percentile,
            point.value_ms,
            point.below,
            *_of_run(source),
        ]
        for method, name, stats in parts
        for point in distribution(stats.response)
    ]
    return csv_file(DISTRIBUTION, rows)


def _of_run(source: Source) -> Row:
    """The run's status, and how long the warm-up was that is in none of the figures."""
    warmup = source.document.warmup
    return [source.status, 0 if warmup is None else warmup.duration_s]


def csv_file(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A CSV file with a head; text in `rows` has to be safe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _written(cell: Cell) -> str:
    if cell is None:
        return "N/A"
    if isinstance(cell, float):
        return f"{cell:.6f}".rstrip("0").rstrip(".")
    return str(cell)


def safe_text(text: str) -> str:
    """One line without control characters, and no formula: see OWASP on CSV injection."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return f"'{line}" if line.lstrip()[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠") and line else line


def _bare_name(method: str, name: str) -> str:
    """`/items` for `GET /items`: the method has a column of its own."""
    return name.removeprefix(f"{method} ") if method else name


def _all_times(stats: EndpointStats) -> Histogram:
    return merge((stats.response, stats.failed))


def _summary(times: Histogram) -> list[Cell]:
    """Median, average, shortest and longest, in ms."""
    if not times:
        return [None] * 4
    mean = times.mean_ns
    return [
        value_ms(times, 50.0),
        None if mean is None else mean / 1e6,
        times.min_ns / 1e6,
        times.max_ns / 1e6,
    ]


def _percentiles(times: Histogram) -> list[Cell]:
    return [value_ms(times, percentile) for percentile in PERCENTILES]


def _of_successes(stats: EndpointStats) -> list[Cell]:
    return [value_ms(stats.response, percentile) for percentile in (50.0, 95.0, 99.0)]


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if seconds > 0 else None
