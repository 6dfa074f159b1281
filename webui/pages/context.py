"""What several pages show: a run as one row of a table, and times in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SPARK_WIDTH = 112.0
SPARK_HEIGHT = 28.0
LIVE_STATUSES = frozenset({"queued", "running", "stopping"})


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in a list. `status` is a RunStatus value; figures are None until there are some."""

    id: str
    title: str
    status: str
    status_reason: str
    target: str
    load: str
    planned_s: float | None
    elapsed_s: float | None
    queue_position: int | None
    started_at: datetime | None
    created_at: datetime
    throughput_rps: float | None
    p95_ms: float | None
    success_percent: float | None
    spark: Sequence[float]
    tags: Sequence[str] = ()
    spark_p95: Sequence[float | None] = ()  # of an ended run
    pinned: bool = False
    plan_key: str | None = None
    pattern: str | None = None  # a sweep's diagnosis

    @property
    def live(self) -> bool:
        """Whether it waits or runs."""
        return self.status in LIVE_STATUSES

    @property
    def progress_percent(self) -> float | None:
        """How much of the planned time has gone, 0 to 100; None where no time was planned."""
        if not self.planned_s or self.elapsed_s is None:
            return None
        return min(100.0, 100.0 * self.elapsed_s / self.planned_s)

    @property
    def spark_share(self) -> float:
        """How much of the sparkline's width the run's data fill: a run cut short ends early."""
        percent = self.progress_percent
        return 1.0 if percent is None else percent / 100.0


@dataclass(frozen=True, slots=True)
class When:
    """A past moment in words. `kind` chooses the wording in the template; `local` is in the server's zone."""

    kind: str  # "now", "minutes", "hours", "today", "yesterday", "date"
    number: int
    local: datetime


def when(moment: datetime, now: datetime | None = None) -> When:
    """How a page should speak of `moment` (aware) at `now`."""
    now = now or datetime.now(UTC)
    local, local_now = moment.astimezone(), now.astimezone()
    age = now - moment
    if age < timedelta(minutes=1):
        return When("now", 0, local)
    if age < timedelta(hours=1):
        return When("minutes", int(age.total_seconds() // 60), local)
    if age < timedelta(hours=8):
        return When("hours", int(age.total_seconds() // 3600), local)
    days = (local_now.date() - local.date()).days
    return When({0: "today", 1: "yesterday"}.get(days, "date"), days, local)


def line_points(values: Sequence[float | None], width: float = SPARK_WIDTH, height: float = 20.0) -> str:
    """`values` as the points of an SVG polyline from 0 to the highest, in a box of that size; places without
    a value are passed over. Empty for fewer than two values."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    top = max(value for _, value in known) or 1.0
    step = width / (len(values) - 1)
    points = ((place * step, height - 1 - (height - 3) * value / top) for place, value in known)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def spark_points(values: Sequence[float], share: float = 1.0) -> str:
    """`values` as the points of an SVG polyline, 112 by 28, from the baseline to the highest value.

    The points span `share` (0 to 1) of the width. Empty for fewer than two values.
    """
    if len(values) < 2:
        return ""
    top = max(values) or 1.0
    width = SPARK_WIDTH * max(0.0, min(1.0, share)) / (len(values) - 1)
    points = ((i * width, SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 5) * v / top) for i, v in enumerate(values))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
