"""Intervals of several shards put together: an interval is complete when every shard that still runs has
delivered it. Pure."""

from dataclasses import dataclass, field

from webui.metrics.snapshot import Snapshot, merge_shards

Released = list[tuple[int, Snapshot]]


@dataclass(slots=True)
class Merger:
    """Gathers snapshots by interval. Each shard delivers its intervals in order, from 0, without gaps."""

    delivered: dict[int, int]  # running shard -> how many intervals it has delivered
    _waiting: dict[int, list[Snapshot]] = field(default_factory=dict)
    _next: int = 0

    @classmethod
    def of(cls, shards: int) -> "Merger":
        """The merger for shards 0 to `shards` - 1."""
        return cls(dict.fromkeys(range(shards), 0))

    def add(self, shard: int, index: int, snapshot: Snapshot) -> Released:
        """Takes one interval of one shard; returns the intervals that are complete now, in order.

        Raises ValueError for an interval out of order: that is a fault in the fleet.
        """
        expected = self.delivered.get(shard)
        if expected != index:
            raise ValueError(f"shard {shard} delivered interval {index}, not {expected}")
        self.delivered[shard] = index + 1
        self._waiting.setdefault(index, []).append(snapshot)
        return self._release()

    def end(self, shard: int) -> Released:
        """The shard delivers no more; returns the intervals that are complete now, in order."""
        self.delivered.pop(shard, None)
        return self._release()

    def behind(self, intervals: int) -> list[int]:
        """The shards that are more than so many intervals behind the fastest one."""
        if not self.delivered:
            return []
        fastest = max(max(self.delivered.values()), self._next + len(self._waiting))
        return [shard for shard, done in self.delivered.items() if fastest - done > intervals]

    def _release(self) -> Released:
        released: Released = []
        complete = min(self.delivered.values(), default=None)
        while self._waiting and (complete is None or self._next < complete):
            released.append((self._next, merge_shards(self._waiting.pop(self._next))))
            self._next += 1
        return released
