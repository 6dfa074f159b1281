"""Intervals of several shards put together: an interval is complete when every shard that still runs has
delivered it. Pure."""

from dataclasses import dataclass, field

from webui.metrics.snapshot import Snapshot, merge_shards

Released = list[tuple[int, Snapshot]]


@dataclass(slots=True)
class Merger:
    """Gathers snapshots by interval. Each shard delivers its intervals in rising order; an engine that
    stalled leaves numbers out."""

    delivered: dict[int, int]  # running shard -> the interval that comes next at the earliest
    _waiting: dict[int, list[Snapshot]] = field(default_factory=dict)
    _newest: int = 0  # one above the highest interval that any shard delivered

    @classmethod
    def of(cls, shards: int) -> "Merger":
        """The merger for shards 0 to `shards` - 1."""
        return cls(dict.fromkeys(range(shards), 0))

    def add(self, shard: int, index: int, snapshot: Snapshot) -> Released:
        """Takes one interval of one shard; returns the intervals that are complete now, in order.

        Raises ValueError for an interval out of order: that is a fault in the fleet.
        """
        expected = self.delivered.get(shard)
        if expected is None or index < expected:
            raise ValueError(f"shard {shard} delivered interval {index} after {expected}")
        self.delivered[shard] = index + 1
        self._newest = max(self._newest, index + 1)
        self._waiting.setdefault(index, []).append(snapshot)
        return self._release()

    def end(self, shard: int) -> Released:
        """The shard delivers no more; returns the intervals that are complete now, in order."""
        self.delivered.pop(shard, None)
        return self._release()

    def behind(self, intervals: int) -> list[int]:
        """The running shards that are more than so many intervals behind the fastest one."""
        return [shard for shard, done in self.delivered.items() if self._newest - done > intervals]

    def _release(self) -> Released:
        complete = min(self.delivered.values(), default=self._newest)
        ready = sorted(index for index in self._waiting if index < complete)
        return [(index, merge_shards(self._waiting.pop(index))) for index in ready]
