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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(RunSummary):
    """One run with its documents. `load_s` is how long load was offered, the divisor of rates."""

    plan: Mapping[str, Any]
    note: str = ""
    shards: int = 0
    load_s: float | None = None
    result: Mapping[str, Any] | None = None


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


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, in which order. `search` is looked for in name, target and tags, whatever its case;
    `status` is one status, or `live` for all that have not ended. `cursor` is a `RunPage.next_cursor`."""

    search: str = ""
    status: str | None = None
    tag: str | None = None
    sort: Sort = "created"
    descending: bool = True
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of a list; `total` counts the runs on all pages."""

    items: Sequence[RunSummary]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """A link to one run's result. It opens until it is revoked."""

    token: str
    run_id: str
    created_at: datetime
    revoked_at: datetime | None = None
