"""What bursts tell: in which generations answers come, and whether they are let through one by one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webui.metrics.probing import BurstStats
from webui.sweep.figures import edge_of
from webui.units import NS_PER_S

GAP = 0.3  # of the service time: the least gap between two generations
CLEAR = 4.0  # times the usual gap: what makes one a gap between generations
PACED = 0.75  # of the gaps lie near the ceiling's pace: let through one by one
TOGETHER = 0.85  # of the longest wait is the mean wait: all end together, a shared processor
ENOUGH_GAPS = 6


@dataclass(frozen=True, slots=True)
class Bursts:
    """`count`: the size of the first generation where two bursts agree. `edge`: the most that were answered
    together, where that was settled. `paced`: the share of gaps that are
    the ceiling's own (None: too few). `mean_wait`: the mean wait as a share of the longest. `ideal`: the time
    that the large ones took against what `m` in parallel need."""

    count: int | None = None
    edge: int | None = None
    paced: float | None = None
    mean_wait: float | None = None
    ideal: float | None = None
    small_rise: float | None = None  # mean wait in small bursts, of what one by one would give


def bursts_of(bursts: Sequence[BurstStats], service_s: float, trip_s: float, top: float, m: float) -> Bursts:
    """`service_s` without the network's `trip_s`; `top` is the ceiling, per second, `m` the parallelism."""
    large = [_times(b) for b in bursts if b.kind == "large" and not b.failures_ns and len(b.successes_ns) > 2]
    small = [_times(b) for b in bursts if b.kind == "small" and not b.failures_ns and len(b.successes_ns) > 1]
    if service_s <= 0 or not top:
        return Bursts()
    return Bursts(
        _agreed([_first_generation(times, service_s, m) for times in large]),
        _edge(bursts, service_s + trip_s, m),
        _paced([*large, *small], top, m),
        _mean_wait(large, service_s + trip_s),
        _ideal(large, service_s, trip_s, m),
        _small_rise(small, service_s + trip_s, top),
    )


def _edge(bursts: Sequence[BurstStats], light_s: float, m: float) -> int | None:
    sizes = [burst.size for burst in bursts if burst.kind == "edge"]
    edge = edge_of(bursts, light_s, m, max(sizes, default=0))
    return edge.low if edge.settled else None


def _times(burst: BurstStats) -> NDArray[np.float64]:
    return np.sort(np.asarray(burst.successes_ns, dtype=np.float64)) / NS_PER_S


def _first_generation(times: NDArray[np.float64], service_s: float, m: float) -> int | None:
    """How many answers come before the first clear gap, looked for around `m`."""
    gaps = np.diff(times)
    low, high = max(0, int(0.5 * m) - 1), min(len(gaps), int(1.6 * m) + 2)
    if high <= low:
        return None
    place = low + int(np.argmax(gaps[low:high]))
    before = gaps[:place]
    usual = float(np.median(before)) if len(before) else 0.0
    # Within a generation answers lie close; a gap that is as wide as those inside one counts nothing.
    inside = float(np.max(before)) if len(before) else 0.0
    wide = gaps[place] > max(GAP * service_s, CLEAR * usual, 1.5 * inside)
    return place + 1 if wide else None


def _agreed(counts: Sequence[int | None]) -> int | None:
    """The count that two bursts or more agree on, and no two on another."""
    known = [count for count in counts if count is not None]
    agreed = {count for count in known if known.count(count) >= 2}
    return agreed.pop() if len(agreed) == 1 else None


def _paced(bursts: Sequence[NDArray[np.float64]], top: float, m: float) -> float | None:
    """The share of gaps within the first generation that are near 1 / ceiling."""
    if m < 1.6:
        return None  # one at a time is one by one
    gaps = [np.diff(times[: max(3, int(m))]) for times in bursts]
    all_gaps = np.concatenate(gaps) if gaps else np.empty(0)
    if len(all_gaps) < ENOUGH_GAPS:
        return None
    return float(np.mean((all_gaps * top > 0.5) & (all_gaps * top < 1.5)))


def _mean_wait(bursts: Sequence[NDArray[np.float64]], light_s: float) -> float | None:
    waits = [times - light_s for times in bursts]
    shares = [float(np.mean(w)) / float(w[-1]) for w in waits if w[-1] > 0.5 * light_s]
    return float(np.median(shares)) if shares else None


def _ideal(bursts: Sequence[NDArray[np.float64]], service_s: float, trip_s: float, m: float) -> float | None:
    wide = max(1.0, round(m))
    took = [(float(t[-1]) - trip_s) / (service_s * np.ceil(len(t) / wide)) for t in bursts]
    return float(np.median(took)) if took else None


def _small_rise(bursts: Sequence[NDArray[np.float64]], light_s: float, top: float) -> float | None:
    rises = [(float(np.mean(t)) - light_s) / ((len(t) - 1) / (2 * top)) for t in bursts if len(t) > 2]
    return float(np.mean(rises)) if len(rises) > 1 else None
