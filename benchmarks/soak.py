"""5,000 requests a second for long: whether memory grows. `--soak 3600` is the hour that the limit is for."""

import statistics
import time
from collections.abc import Callable

from benchmarks.dashboard import running_dashboard
from benchmarks.nginx import running_nginx
from benchmarks.report import Limit, Section
from benchmarks.session import Session

RATE = 5000
_WINDOW_S = 10  # samples before and after are medians over so long


def run(session: Session) -> Section:
    """Memory is the private memory of the dashboard and all processes below it, once a second."""
    length = session.soak_s
    with running_nginx(session.tools) as nginx, running_dashboard() as dashboard:
        load = {"shape": "constant-rate", "rate_rps": RATE, "duration_s": length}
        run_id = dashboard.start_run({"base_url": nginx.url, "requests": [{}], "load": load})
        with dashboard.watched(run_id):
            samples = _sampled(dashboard.memory, length)
            document = dashboard.ended(run_id, 30)
    first = min(60, len(samples) // 2)
    before = statistics.median(samples[max(0, first - _WINDOW_S) : first])
    after = statistics.median(samples[-_WINDOW_S:])
    totals = document["totals"]
    return Section(
        f"Soak, {RATE:,} requests/s for {length:,} s",
        ["figure", "value"],
        [
            ["requests sent", f"{totals['sent']:,}"],
            ["failures and dropped starts", f"{totals['failures'] + totals['dropped']:,}"],
            [f"memory of all processes after {first} s", f"{before / 1e6:.1f} MB"],
            ["memory at the end", f"{after / 1e6:.1f} MB"],
            ["highest", f"{max(samples) / 1e6:.1f} MB"],
        ],
        [
            Limit("share of the starts sent", totals["sent"] / (RATE * length), 0.999, at_least=True),
            Limit("memory growth", 100 * (after / before - 1), 5, at_least=False, unit=" %"),
            Limit("failures and dropped", totals["failures"] + totals["dropped"], 0, at_least=False),
        ],
        [] if length >= 3600 else ["shortened: the limit is for an hour, which --soak 3600 runs"],
    )


def _sampled(read: Callable[[], int], seconds: int) -> list[int]:
    """One reading a second."""
    samples, started = [], time.monotonic()
    for second in range(1, seconds):
        time.sleep(max(0.0, started + second - time.monotonic()))
        samples.append(read())
    return samples
