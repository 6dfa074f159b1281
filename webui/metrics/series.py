"""A run's intervals in order, at most 1,200 of them whatever the run's length.

When the series is full, neighbours are merged in pairs and every row stands for twice as many of the
engine's intervals from then on. The last row may still be filling.
"""

from dataclasses import dataclass, field

from webui.metrics.snapshot import Snapshot, merge_time

LIMIT = 1200


def interval_s(duration_s: float | None) -> float:
    """The engine's interval for a run of that length (None: not known): short runs get short ones."""
    if duration_s is None:
        return 0.5
    if duration_s <= 10:
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

    def add(self, index: int, snapshot: Snapshot) -> Change:
        """Adds the engine's interval number `index` (0, 1, …)."""
        compacted = False
        while index // self.factor >= self.limit:
            self._halve()
            compacted = True
        position = index // self.factor
        seen = self.rows.get(position)
        self.rows[position] = snapshot if seen is None else merge_time([seen, snapshot])
        return Change(position, compacted)

    def _halve(self) -> None:
        pairs: dict[int, list[Snapshot]] = {}
        for position in sorted(self.rows):
            pairs.setdefault(position // 2, []).append(self.rows[position])
        self.rows = {position: merge_time(parts) for position, parts in pairs.items()}
        self.factor *= 2

    @property
    def snapshots(self) -> list[Snapshot]:
        """The rows in order of time."""
        return [self.rows[position] for position in sorted(self.rows)]
