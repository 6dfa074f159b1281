"""Known signatures in an ordinary run's figures, as hints. Pure."""

from collections.abc import Iterator

import numpy as np

from webui.metrics.histogram import Histogram, lowest_of
from webui.metrics.snapshot import Snapshot
from webui.units import NS_PER_MS, count, milliseconds, percent, plural

REFUSED_SHARE = 0.05
QUICK = 0.5  # of the successes' median: a failure quicker than this was refused, not worked on
FLAT = 2.0  # p95 of successes by their median, up to which their latency is flat
ENOUGH = 50
RETRIES_S = (1.0, 3.0, 7.0)  # after which TCP sends a connection's first packet again, added up
NEAR_S = 0.15
FEWEST_RETRIED = 3
_REFUSALS = (429, 503)


def signature_hints(total: Snapshot) -> Iterator[str]:
    """Sentences; none where no signature shows."""
    yield from _refusals(total)
    yield from _backlog(total.connect)


def _refusals(total: Snapshot) -> Iterator[str]:
    """Quick refusals while successes stay quick: a limit that turns requests away and keeps none waiting."""
    figures = total.all_endpoints
    refused = sum(figures.status_codes.get(status, 0) for status in _REFUSALS)
    ended = figures.totals.successes + figures.totals.failures
    if figures.response.total < ENOUGH or refused < REFUSED_SHARE * ended:
        return
    median, high = figures.response.percentiles_ns((50, 95))
    failed = figures.failed.percentile_ns(50)
    if not median or high is None or failed is None or failed > QUICK * median or high > FLAT * median:
        return
    yield (
        f"{count(refused)} requests ({percent(100 * refused / ended)}) were refused in about "
        f"{milliseconds(failed / NS_PER_MS)}, while successes kept taking "
        f"{milliseconds(median / NS_PER_MS)}: the "
        "target turns away what is too much for it, or limits the rate. A sweep tells which."
    )


def _backlog(connect: Histogram) -> Iterator[str]:
    """Connections that took 1, 3 or 7 s: their first packet was dropped, and sent again by TCP."""
    seconds = lowest_of(connect.indices) / 1e6
    retried = sum(int(connect.counts[np.abs(seconds - at) <= NEAR_S].sum()) for at in RETRIES_S)
    quick = int(connect.counts[seconds < 0.5].sum())
    # Where most connections take as long the network is far, and this is no signature.
    if retried < FEWEST_RETRIED or quick < retried:
        return
    yield (
        f"{plural(retried, 'connection')} took about 1, 3 or 7 s to open: the target's queue of "
        "connections (its "
        "backlog) was full, so it dropped them and TCP tried again."
    )
