"""The books of a run that lost an engine: what it had in flight at its last word was cut off. Pure.

So the sums close exactly, whatever happened: offered = sent + dropped, sent = successes + failures + cut off.
"""

from collections.abc import Sequence

from webui.metrics.snapshot import EndpointStats, Snapshot, Totals, merge_time


def closing(total: Snapshot, last: Snapshot) -> Snapshot | None:
    """What closes the books of `total` when it is merged into the run's last row; None when they are closed.

    A start that was due and came to nothing counts as dropped.
    """
    missing = tuple(EndpointStats(_missing(endpoint.totals)) for endpoint in total.endpoints)
    if all(endpoint.totals == Totals() for endpoint in missing):
        return None
    return Snapshot(
        last.end_ns,
        last.end_ns,
        users=last.users,
        connections_open=last.connections_open,
        endpoints=missing,
    )


def _missing(totals: Totals) -> Totals:
    undone = totals.offered - totals.sent - totals.dropped
    return Totals(cut_off=max(0, totals.in_flight), dropped=max(0, undone))


def closed(rows: Sequence[Snapshot], total: Snapshot) -> tuple[list[Snapshot], Snapshot]:
    """A run's rows and their sum with closed books. Closing them again changes nothing."""
    missing = closing(total, rows[-1])
    if missing is None:
        return list(rows), total
    return [*rows[:-1], merge_time([rows[-1], missing])], merge_time([total, missing])
