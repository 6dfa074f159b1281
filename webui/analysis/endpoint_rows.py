"""The figures behind the charts of single endpoints: one row for each interval. Pure."""

from collections.abc import Iterable

from webui.analysis.chart_rows import Row, percentiles_ms, short
from webui.metrics.snapshot import EndpointStats, Snapshot

ENDPOINT_COLUMNS = (
    "start_s", "end_s", "users",
    "rate", "throughput", "failures",  # per second
    "p50", "p95", "p99",  # ms, of successes; None where the sample cannot support one
)  # fmt: skip
_NOTHING = EndpointStats()


def endpoint_rows(snapshots: Iterable[Snapshot], place: int) -> list[Row]:
    """All intervals of the plan's request number `place`, from 0, as the values of `ENDPOINT_COLUMNS`."""
    return [_row(snapshot, place) for snapshot in snapshots]


def _row(snapshot: Snapshot, place: int) -> Row:
    stats = snapshot.endpoints[place] if place < len(snapshot.endpoints) else _NOTHING
    seconds = snapshot.seconds or 1.0
    return (
        round(snapshot.start_ns / 1e9, 3),
        round(snapshot.end_ns / 1e9, 3),
        snapshot.users,
        *(short(n / seconds) for n in (stats.totals.sent, stats.totals.successes, stats.totals.failures)),
        *percentiles_ms(stats.response, (50.0, 95.0, 99.0)),
    )
