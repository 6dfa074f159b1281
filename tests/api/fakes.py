"""A fleet that sends no load: it reports what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from webui.engine.messages import ShardSpec
from webui.metrics import codec
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals
from webui.plan.load import Shape

OnEvent = Callable[[dict[str, Any]], None]
SECOND = 1_000_000_000


def interval(second: int, successes: int = 10) -> Snapshot:
    """One second with that many successes of 5 ms."""
    totals = Totals(offered=successes, sent=successes, completed=successes, successes=successes)
    times = Histogram.of([5_000_000] * successes)
    stats = EndpointStats(totals, {200: successes}, times, times)
    return Snapshot(second * SECOND, (second + 1) * SECOND, users=2, in_flight=1, endpoints=(stats,))


class FakeLaunch:
    """A started run of one shard. The test, or `Stop`, says what its engine reports."""

    def __init__(self, specs: Sequence[ShardSpec], on_event: OnEvent) -> None:
        self.run_id = specs[0].run_id
        self.changes: list[tuple[int, str, float | None]] = []
        self.shards = len(specs)
        self.ended = False
        self._on_event = on_event
        self._seconds = 0
        self._tell("started")

    def second_passes(self, successes: int = 10) -> None:
        """The engine reports one more interval."""
        data = codec.pack(interval(self._seconds, successes))
        self._tell("snapshot", index=self._seconds, data=data)
        self._seconds += 1

    def finish(self, reason: str = "duration") -> None:
        """The engine reports its end."""
        if not self.ended:
            self.ended = True
            self._tell("finished", load_ns=self._seconds * SECOND, reason=reason)

    async def stop(self) -> None:
        self.finish("stopped")

    def change(self, number: int, kind: str, value: float | None) -> None:
        self.changes.append((number, kind, value))

    async def kill(self, shard: int) -> None:
        self.finish("stopped")

    def _tell(self, kind: str, **more: Any) -> None:
        for shard in range(self.shards):
            self._on_event({"run": self.run_id, "shard": shard, "type": kind, **more})


class FakeFleet:
    """Launches nothing. With `quick`, every run reports two seconds and its end at once."""

    def __init__(self, *, quick: bool = False) -> None:
        self.quick = quick
        self.launches: dict[str, FakeLaunch] = {}

    @staticmethod
    def shards_for(load: Shape) -> int:
        return 1

    async def launch(self, specs: Sequence[ShardSpec], on_event: OnEvent) -> FakeLaunch:
        launch = FakeLaunch(specs, on_event)
        self.launches[launch.run_id] = launch
        if self.quick:
            launch.second_passes()
            launch.second_passes()
            launch.finish()
        return launch

    async def close(self) -> None:
        for launch in self.launches.values():
            launch.finish("stopped")
