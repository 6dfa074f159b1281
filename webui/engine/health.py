"""How the generator itself does: its CPU, how late its event loop is, how late its starts are."""

from collections.abc import Callable
from pathlib import Path
from time import thread_time_ns

from webui.engine.tally import Tally
from webui.metrics.snapshot import Health

_SCHEDULER_STATS = Path("/proc/thread-self/schedstat")  # of Linux: ns run, ns waited, times run


class HealthMeter:
    """Measures the thread that it is made in, which is the engine's.

    `spun_ns` is the CPU time so far that went into waiting for a precise moment with nothing else to do:
    it is not counted, because there is as much room for work as if the thread had slept.
    """

    def __init__(self, now: int, spun_ns: Callable[[], int] = lambda: 0) -> None:
        self.loop_lag = Tally()
        self.schedule_lag = Tally()  # actual start - intended start, of users and of requests after a pause
        self._spun_ns = spun_ns
        self.begin(now)

    def begin(self, now: int) -> None:
        """Measures from now on."""
        self._wall_ns = now
        self._cpu_ns = thread_time_ns() - self._spun_ns()
        self._wait_ns = _waited_ns()

    def demand_ns(self) -> int:
        """The CPU time that this thread has used or waited for so far."""
        return thread_time_ns() - self._spun_ns() + _waited_ns()

    @property
    def tallies(self) -> tuple[Tally, Tally]:
        """Those in which lags wait for being counted."""
        return self.loop_lag, self.schedule_lag

    def take(self, now: int) -> Health:
        """The figures since the last `take`."""
        cpu, waited = thread_time_ns() - self._spun_ns(), _waited_ns()
        cpu_ns, wall_ns, wait_ns = cpu - self._cpu_ns, now - self._wall_ns, waited - self._wait_ns
        self._cpu_ns, self._wall_ns, self._wait_ns = cpu, now, waited
        peak, demand = (100.0 * part / wall_ns if wall_ns else 0.0 for part in (cpu_ns, cpu_ns + wait_ns))
        lags = self.loop_lag.take(), self.schedule_lag.take()
        return Health(cpu_ns, wall_ns, peak, *lags, wait_ns, demand)


def _waited_ns() -> int:
    """How long this thread has had work and no processor so far; 0 where the system does not tell."""
    try:
        return int(_SCHEDULER_STATS.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
