"""What the API takes and gives besides plans and result documents. Durations in s or ms as named."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from webui.analysis.document import Moment, Status
from webui.analysis.part import Part
from webui.analysis.results import times_part, totals_part
from webui.plan.load import MAX_DURATION_S, MAX_RATE, MAX_USERS
from webui.plan.model import Tag
from webui.runs.changes import SHORTEST_ADDED_S
from webui.runs.model import RunView
from webui.store import RunSummary, ShareRecord


class RunItem(Part):
    """One run in a list. Figures are null until the run has ended, or where nothing was measured."""

    id: Annotated[str, Field(examples=["r_7h3k9m2p4q"])]
    name: str
    status: Status
    status_reason: str = ""
    target: str
    load: Annotated[str, Field(description="The load in words.", examples=["50 users for 30 s"])]
    tags: tuple[str, ...] = ()
    planned_s: float | None = None
    created_at: Moment
    started_at: Moment | None = None
    ended_at: Moment | None = None
    throughput_rps: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    success_percent: float | None = None
    sent: int | None = None
    spark: Annotated[
        tuple[float, ...], Field(description="Throughput over the run, evenly spaced, for a sparkline.")
    ] = ()
    spark_p95: Annotated[
        tuple[float | None, ...], Field(description="The same of p95, once the run has ended.")
    ] = ()
    plan_key: Annotated[
        str | None, Field(description="Equal for runs of the same plan; null until it has been worked out.")
    ] = None
    pinned: bool = False
    pattern: Annotated[str | None, Field(description="A sweep's diagnosis, in one word.")] = None

    @classmethod
    def of(cls, summary: RunSummary) -> "RunItem":
        """The item of a stored run."""
        return cls.model_validate(
            {name: getattr(summary, name) for name in cls.model_fields} | {"tags": tuple(summary.tags)}
        )

    def now(self, view: RunView) -> "RunItem":
        """The item with what is known of a live run at this moment."""
        changes: dict[str, object] = {
            "status": view.status.value,
            "status_reason": view.status_reason,
            "started_at": view.started_at,
        }
        if view.total is not None:
            figures = view.total.all_endpoints
            totals = totals_part(figures.totals, view.load_s)
            changes |= {
                "throughput_rps": totals.throughput_rps,
                "success_percent": totals.success_percent,
                "sent": totals.sent,
                "p50_ms": (times := times_part(figures.response)).p50,
                "p95_ms": times.p95,
                "p99_ms": times.p99,
            }
        return self.model_copy(update=changes)


class RunList(Part):
    """One page of runs. `next_cursor` asks for the next page in the same order; null on the last one."""

    items: tuple[RunItem, ...]
    next_cursor: str | None
    total: Annotated[int, Field(description="How many runs there are on all pages.", ge=0)]


class Share(Part):
    """A link that shows a result, read-only and without a login, until it expires or is revoked."""

    token: str
    url: Annotated[str, Field(examples=["http://127.0.0.1:8090/s/mJ0v3…"])]
    created_at: Moment
    revoked_at: Moment | None = None
    expires_at: Moment | None = None
    hide_target: bool = False
    views: Annotated[int, Field(description="How often guests have opened it.")] = 0
    last_viewed_at: Moment | None = None
    runs: Annotated[tuple[str, ...], Field(description="Of a comparison: all its runs.")] = ()
    badge_url: Annotated[str, Field(description="An SVG picture with the headline number.")] = ""
    preview_url: Annotated[str, Field(description="A PNG picture of 1200 x 630.")] = ""

    @classmethod
    def of(cls, record: ShareRecord, base_url: str) -> "Share":
        """The share of a record; `base_url` is where this dashboard is reached, ending in a slash."""
        return cls(
            token=record.token,
            url=f"{base_url}s/{record.token}",
            created_at=record.created_at,
            revoked_at=record.revoked_at,
            expires_at=record.expires_at,
            hide_target=record.hide_target,
            views=record.views,
            last_viewed_at=record.last_viewed_at,
            runs=tuple(record.runs),
            badge_url=f"{base_url}s/{record.token}/badge.svg",
            preview_url=f"{base_url}s/{record.token}/preview.png",
        )


class ShareList(Part):
    """A run's links, revoked ones included, oldest first."""

    items: tuple[Share, ...]


class StoreHealth(Part):
    """Whether the database answers; `detail` says what is wrong when it does not."""

    ok: bool
    detail: str = ""


class Health(Part):
    """The state of this dashboard. `degraded`: it runs, and its database does not answer."""

    status: Literal["ok", "degraded"]
    version: str
    store: StoreHealth


class StatusChange(Part):
    """The data of a stream's `status` and `finished` events: where the run stands."""

    status: Status
    status_reason: str
    queue_position: int | None = None
    started_at: Moment | None = None
    ended_at: Moment | None = None
    paused: bool = False

    @classmethod
    def of(cls, view: RunView) -> "StatusChange":
        """Where a run stands now."""
        return cls.model_validate({name: getattr(view, name) for name in cls.model_fields})


class Changes(BaseModel):
    """What to change of a run, at least one of these. The load changes only while the run goes on."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    users: Annotated[
        int | None, Field(ge=1, le=MAX_USERS, description="Users from now on; shapes that plan users.")
    ] = None
    rate_rps: Annotated[
        float | None, Field(gt=0, le=MAX_RATE, description="Starts per second from now on; open shapes.")
    ] = None
    paused: Annotated[
        bool | None, Field(description="true: no new requests begin, and the planned end moves along.")
    ] = None
    add_s: Annotated[
        float | None,
        Field(ge=SHORTEST_ADDED_S, le=MAX_DURATION_S, description="Seconds to go on for longer."),
    ] = None
    name: Annotated[str | None, Field(max_length=200, description="Empty: made from the plan.")] = None
    tags: Annotated[tuple[Tag, ...] | None, Field(max_length=20)] = None
    note: Annotated[str | None, Field(max_length=10_000)] = None
    pinned: bool | None = None
    baseline: Annotated[
        bool | None,
        Field(description="true: later runs of its plan are held against this one. By itself only."),
    ] = None

    @property
    def load(self) -> dict[str, Any]:
        """What changes the load."""
        return self.model_dump(include={"users", "rate_rps", "paused", "add_s"}, exclude_none=True)

    @property
    def labels(self) -> dict[str, Any]:
        """What a person wrote on the run."""
        return self.model_dump(include={"name", "tags", "note"}, exclude_none=True)
