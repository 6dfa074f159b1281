"""What the store takes and gives: plain values, no database objects. Moments are aware datetimes in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict

Sort = Literal["created", "name", "status", "target", "throughput", "p95", "success", "requests"]

# A run in one of these belongs to the process named in its `owner`, which touches its heartbeat.
LIVE = ("queued", "running", "stopping")
MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One row of a list. Figures are None until the run has ended, or where nothing was measured."""

    id: str
    name: str
    status: str
    status_reason: str = ""
    target: str
    load: str = ""  # in words: "50 users for 30 s"
    planned_s: float | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    throughput_rps: float | None = None
    p95_ms: float | None = None
    success_percent: float | None = None
    sent: int | None = None
    spark: Sequence[float] = ()
    tags: Sequence[str] = ()
    owner: str = ""
    heartbeat_at: datetime | None = None
    plan_key: str | None = None  # runs of the same key did the same; None: not worked out yet
    pinned: bool = False
    deleted_at: datetime | None = None  # when it was put away; it is in no list and can be restored
    p50_ms: float | None = None
    p99_ms: float | None = None
    spark_p95: Sequence[float | None] = ()
    pattern: str | None = None  # the diagnosis'
    experiment_id: str | None = None
    cell: Mapping[str, Any] | None = None  # which cell of the experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(RunSummary):
    """One run with its documents. `load_s` is how long load was offered, the divisor of rates. `baseline`
    is what it is held against, as it was when the run began."""

    plan: Mapping[str, Any]
    note: str = ""
    shards: int = 0
    load_s: float | None = None
    result: Mapping[str, Any] | None = None
    baseline: Mapping[str, Any] | None = None


class RunChanges(TypedDict, total=False):
    """The fields that `update_run` can set."""

    name: str
    tags: Sequence[str]
    note: str
    status: str
    status_reason: str
    planned_s: float | None
    started_at: datetime | None
    ended_at: datetime | None
    owner: str
    heartbeat_at: datetime | None
    shards: int
    load_s: float | None
    throughput_rps: float | None
    p95_ms: float | None
    success_percent: float | None
    sent: int | None
    spark: Sequence[float]
    plan_key: str | None
    pinned: bool
    p50_ms: float | None
    p99_ms: float | None
    spark_p95: Sequence[float | None]
    pattern: str | None
    experiment_id: str | None
    cell: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, in which order. `search` is looked for in name, target and tags, whatever its case, and
    `target` in the target alone; `status` is one status, or `live` for all that have not ended. `since` is
    the first moment of creation that counts and `until` the first that no longer does. `cursor` is a
    `RunPage.next_cursor`. Deleted runs are in no list."""

    search: str = ""
    status: str | None = None
    tag: str | None = None
    sort: Sort = "created"
    descending: bool = True
    limit: int = 50
    cursor: str | None = None
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
    plan_key: str | None = None
    pinned: bool | None = None
    experiment_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of a list; `total` counts the runs on all pages."""

    items: Sequence[RunSummary]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """One plan: how many of its runs a query lets through, and its newest runs in order of time, let through
    or not, with what a line of figures needs."""

    plan_key: str
    count: int
    recent: Sequence[RunSummary]
    baseline_id: str | None = None

    @property
    def newest(self) -> RunSummary:
        """The run that was created last."""
        return self.recent[-1]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of plans; `total` counts the plans on all pages."""

    items: Sequence[PlanGroup]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """A link to one run's result, to a comparison of `runs`, or to an experiment, which has no `run_id`. It
    opens until it expires or is revoked."""

    token: str
    run_id: str
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    views: int = 0
    last_viewed_at: datetime | None = None
    hide_target: bool = False
    runs: Sequence[str] = ()  # of a shared comparison, `run_id` first
    experiment_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRecord:
    """An experiment: what was to be tried, and what came of it. Its runs name it in `experiment_id`."""

    id: str
    name: str
    created_at: datetime
    status: str
    owner: str = ""
    definition: Mapping[str, Any]
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """What one process asks of `owner`, who runs the run."""

    id: str
    owner: str
    run_id: str
    kind: str
    arguments: Mapping[str, Any]
    created_at: datetime
