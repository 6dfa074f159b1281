"""How many requests wait inside the target, estimated from outside. Pure."""

from collections.abc import Sequence

from webui.metrics.snapshot import Snapshot
from webui.units import NS_PER_S

LEAST = 20  # successes that tell anything


def waiting_inside(stretch: Sequence[Snapshot], total: Snapshot) -> float | None:
    """Requests in line inside the target on average over `stretch`, at the most; None with too few answers.

    L (1 - fastest / mean) for each endpoint, where L is its throughput times its mean service time (Little's
    law) and `fastest` the run's own quickest answer, which waited for nothing. What varies for other reasons
    than a line counts as waiting, too.
    """
    answers, waited_ns = 0, 0.0
    for snapshot in stretch:
        for stats, whole in zip(snapshot.endpoints, total.endpoints, strict=False):
            mean, fastest, count = stats.service.mean_ns, whole.service.min_ns, stats.service.total
            if mean is not None and fastest is not None:
                answers += count
                waited_ns += count * max(0.0, mean - fastest)
    seconds = (stretch[-1].end_ns - stretch[0].start_ns) / NS_PER_S if stretch else 0.0
    return waited_ns / NS_PER_S / seconds if answers >= LEAST and seconds > 0 else None
