"""How the generator itself does: its CPU, how late its event loop is, how late its starts are."""

from time import thread_time_ns

from webui.engine.tally import Tally
from webui.metrics.snapshot import Health


class HealthMeter:
    """Measures the thread that it is made in, which is the engine's."""

    def __init__(self, now: int) -> None:
        self.loop_lag = Tally()
        self.schedule_lag = Tally()  # actual start - intended start, of users and of requests after a pause
        self._wall_ns = now
        self._cpu_ns = thread_time_ns()

    def take(self, now: int) -> Health:
        """The figures since the last `take`."""
        cpu = thread_time_ns()
        cpu_ns, wall_ns = cpu - self._cpu_ns, now - self._wall_ns
        self._cpu_ns, self._wall_ns = cpu, now
        peak = 100.0 * cpu_ns / wall_ns if wall_ns else 0.0
        return Health(cpu_ns, wall_ns, peak, self.loop_lag.take(), self.schedule_lag.take())
