"""A run's intervals in order, at most 1,200 of them whatever the run's length.

When the series is full, neighbours are merged in pairs and every row stands for twice as many of the
engine's intervals from then on. The last row may still be filling. The pairs are merged beforehand, one with
each row of the second half, because all at once would hold up an event loop. Histograms are kept packed:
those of a long run would take tens of megabytes.
"""

from dataclasses import dataclass, field, replace

from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import Snapshot, merge_time

LIMIT = 1200


def interval_s(duration_s: float | None) -> float:
    """The engine's interval for a run of that length (None: not known): short runs get short ones."""
    if duration_s is None:
        return 0.5
    if duration_s <= 5:
        return 0.2
    return 0.5 if duration_s <= 30 else 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What an `add` did: the row that is new or changed, or that all rows are new (`compacted`)."""

    position: int
    compacted: bool


@dataclass(slots=True)
class Series:
    """Rows by position; `factor` of the engine's intervals make one row. Gaps are left out."""

    limit: int = LIMIT
    factor: int = 1
    rows: dict[int, Snapshot] = field(default_factory=dict)
    _pairs: dict[int, Snapshot] = field(default_factory=dict)  # merged beforehand, by position after halving

    def add(self, index: int, snapshot: Snapshot) -> Change:
        """Adds the engine's interval number `index` (0, 1, …), which never falls."""
        compacted = False
        while index // self.factor >= self.limit:
            self._halve()
            compacted = True
        position = index // self.factor
        seen = self.rows.get(position)
        self.rows[position] = _at_rest(snapshot if seen is None else merge_time([seen, snapshot]))
        self._merge_beforehand(position)
        return Change(position, compacted)

    def amend(self, snapshot: Snapshot) -> Change:
        """Merges a late word into the last row. The series is not empty."""
        position = max(self.rows)
        self.rows[position] = _at_rest(merge_time([self.rows[position], snapshot]))
        return Change(position, compacted=False)

    def _merge_beforehand(self, position: int) -> None:
        """Merges the next pair, when both of its rows lie before `position` and so are complete."""
        pair = position - self.limit // 2
        if pair >= 0 and pair not in self._pairs and 2 * pair + 1 < position:
            self._merge_pair(pair)

    def _merge_pair(self, pair: int) -> None:
        parts = [self.rows[at] for at in (2 * pair, 2 * pair + 1) if at in self.rows]
        if parts:
            self._pairs[pair] = _at_rest(merge_time(parts))

    def _halve(self) -> None:
        for pair in {position // 2 for position in self.rows} - self._pairs.keys():
            self._merge_pair(pair)
        self.rows, self._pairs = {pair: self._pairs[pair] for pair in sorted(self._pairs)}, {}
        self.factor *= 2

    @property
    def snapshots(self) -> list[Snapshot]:
        """The rows in order of time."""
        return [self.rows[position] for position in sorted(self.rows)]


def _at_rest(snapshot: Snapshot) -> Snapshot:
    """The same with its histograms packed; what was one object still is."""
    packed: dict[int, Histogram] = {}

    def once(histogram: Histogram) -> Histogram:
        if id(histogram) not in packed:
            packed[id(histogram)] = histogram.packed()
        return packed[id(histogram)]

    health = snapshot.health
    return replace(
        snapshot,
        endpoints=tuple(
            replace(
                each,
                response=once(each.response),
                service=once(each.service),
                failed=once(each.failed),
                first_byte=once(each.first_byte),
            )
            for each in snapshot.endpoints
        ),
        connect=once(snapshot.connect),
        tls=once(snapshot.tls),
        health=replace(health, loop_lag=once(health.loop_lag), schedule_lag=once(health.schedule_lag)),
    )
