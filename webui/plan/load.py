"""How hard and how long: the load shapes. Pure.

Closed shapes (constant-users, ramping-users, sweep) say how many users run; each sends its next request
when the last was answered. Open shapes (constant-rate, ramping-rate) say when requests start, whatever
the target does. A burst starts a number of requests at one instant, several times.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from webui.metrics import thresholds
from webui.plan.base import Document

MAX_USERS = 100_000
MAX_RATE = 1e6
MAX_DURATION_S = 7 * 24 * 3600.0
MAX_ITERATIONS = 10**12
DEFAULT_MAX_USERS = 1000

Users = Annotated[int, Field(ge=1, le=MAX_USERS)]
UsersOrNone = Annotated[int, Field(ge=0, le=MAX_USERS)]
Rate = Annotated[float, Field(gt=0, le=MAX_RATE)]
RateOrNone = Annotated[float, Field(ge=0, le=MAX_RATE)]
Seconds = Annotated[float, Field(ge=0.1, le=MAX_DURATION_S)]
StageSeconds = Annotated[float, Field(ge=0, le=MAX_DURATION_S)]
Iterations = Annotated[int, Field(ge=1, le=MAX_ITERATIONS)]
Arrivals = Literal["even", "poisson"]
MAX_STAGES = 100


class ConstantUsers(Document):
    """N users. Ends after `duration_s`, after `iterations` (in total over all users) or when every user
    has done `iterations_per_user`, whichever comes first; with none of them, when it is stopped.

    `spawn_rate` is users started per second; None: all within one second.
    """

    shape: Literal["constant-users"] = "constant-users"
    users: Users
    spawn_rate: Rate | None = None
    duration_s: Seconds | None = None
    iterations: Iterations | None = None
    iterations_per_user: Iterations | None = None

    @model_validator(mode="after")
    def _one_kind_of_iterations(self) -> "ConstantUsers":
        if self.iterations is not None and self.iterations_per_user is not None:
            raise ValueError("give iterations in total or iterations_per_user, not both")
        return self

    @property
    def spawn_per_s(self) -> float:
        """Users started per second."""
        return self.spawn_rate if self.spawn_rate is not None else float(self.users)

    @property
    def ramp_s(self) -> float:
        """How long it takes until all users run."""
        return (self.users - 1) / self.spawn_per_s


class UserStage(Document):
    """In `duration_s` the number of users moves evenly to `users`; 0 s is a jump."""

    duration_s: StageSeconds
    users: UsersOrNone


class RateStage(Document):
    """In `duration_s` the rate moves evenly to `rate_rps`; 0 s is a jump."""

    duration_s: StageSeconds
    rate_rps: RateOrNone


class RampingUsers(Document):
    """Users by stages, linear between them. A user who is one too many ends after its request."""

    shape: Literal["ramping-users"]
    start_users: UsersOrNone = 0
    stages: Annotated[tuple[UserStage, ...], Field(min_length=1, max_length=MAX_STAGES)]

    @model_validator(mode="after")
    def _does_something(self) -> "RampingUsers":
        _check_stages(self.duration_s, self.start_users + sum(stage.users for stage in self.stages))
        return self

    @property
    def duration_s(self) -> float:
        """The stages' lengths together."""
        return sum(stage.duration_s for stage in self.stages)


class ConstantRate(Document):
    """`rate_rps` requests started per second. A start that finds `max_users` busy is dropped and counted."""

    shape: Literal["constant-rate"]
    rate_rps: Rate
    duration_s: Seconds | None = None
    max_users: Users = DEFAULT_MAX_USERS
    arrivals: Arrivals = "even"


class RampingRate(Document):
    """The rate by stages, linear between them."""

    shape: Literal["ramping-rate"]
    start_rate_rps: RateOrNone = 0.0
    stages: Annotated[tuple[RateStage, ...], Field(min_length=1, max_length=MAX_STAGES)]
    max_users: Users = DEFAULT_MAX_USERS
    arrivals: Arrivals = "even"

    @model_validator(mode="after")
    def _does_something(self) -> "RampingRate":
        _check_stages(self.duration_s, self.start_rate_rps + sum(stage.rate_rps for stage in self.stages))
        return self

    @property
    def duration_s(self) -> float:
        """The stages' lengths together."""
        return sum(stage.duration_s for stage in self.stages)


class Burst(Document):
    """`size` requests at one instant, `count` times. The next burst starts when all of the last have
    ended, and `pause_s` after that."""

    shape: Literal["burst"]
    size: Users
    count: Annotated[int, Field(ge=1, le=100_000)] = 1
    pause_s: Annotated[float, Field(ge=0, le=3600)] = 0.0


class Sweep(Document):
    """Levels of users from `from` up to `to`, each held for `step_s` (None: as long as the figures need)
    after a settling part that is cut off. `limit`: a rule on a percentile of the response time, such as
    `p95<200ms`; the highest throughput that was measured with it held is reported."""

    shape: Literal["sweep"]
    from_: Annotated[Users, Field(alias="from")] = 1
    to: Users
    step_s: Annotated[float, Field(ge=0.2, le=600)] | None = None
    limit: Annotated[str, Field(max_length=100)] | None = None

    model_config = ConfigDict(populate_by_name=True)

    @field_validator("limit")
    @classmethod
    def _limits_a_latency(cls, value: str | None) -> str | None:
        if value is None:
            return None
        rule = thresholds.parse(value)
        if rule.metric != "p" or "<" not in rule.op or rule.endpoint is not None or "baseline" in value:
            raise ValueError("a sweep's limit is an upper one on a percentile, such as p95<200ms")
        return rule.expression

    @model_validator(mode="after")
    def _rises(self) -> "Sweep":
        if self.from_ > self.to:
            raise ValueError("a sweep goes from fewer users to more")
        return self


def _check_stages(duration_s: float, total: float) -> None:
    if not 0.1 <= duration_s <= MAX_DURATION_S:
        raise ValueError("the stages must last 0.1 s or more and 7 days at most, together")
    if not total:
        raise ValueError("at least one stage must send something")


def _constant_by_default(value: Any) -> Any:
    return {"shape": "constant-users", **value} if isinstance(value, Mapping) else value


Shape = ConstantUsers | RampingUsers | ConstantRate | RampingRate | Burst | Sweep
Load = Annotated[Shape, Field(discriminator="shape"), BeforeValidator(_constant_by_default)]


def planned_s(load: Shape) -> float | None:
    """How long the load goes on by plan; None where that depends on the target or on whoever stops it."""
    return None if isinstance(load, Burst | Sweep) else load.duration_s


def no_warmup(load: Shape) -> str | None:
    """Why a load of this shape has no warm-up; None where it may have one."""
    if isinstance(load, Sweep):
        return "a sweep has no warm-up: each of its levels settles before it is measured"
    if isinstance(load, Burst):
        return "bursts have no warm-up: send one burst more, and look at the later ones"
    if isinstance(load, ConstantUsers) and (load.iterations or load.iterations_per_user):
        return "a warm-up goes with a load that ends by time: leave the iterations or the warm-up out"
    return None


def warmed_up(load: Shape, warmup_s: float) -> Shape:
    """The load with its warm-up before it. A ramp is held where it begins (where that is at nothing, at the
    first level that it reaches), and then begins; a constant load just begins earlier."""
    if isinstance(load, RampingUsers) and warmup_s:
        users = load.start_users or next(stage.users for stage in load.stages if stage.users)
        before = (
            UserStage(duration_s=warmup_s, users=users),
            UserStage(duration_s=0, users=load.start_users),
        )
        return load.model_copy(update={"start_users": users, "stages": (*before, *load.stages)})
    if isinstance(load, RampingRate) and warmup_s:
        rate = load.start_rate_rps or next(stage.rate_rps for stage in load.stages if stage.rate_rps)
        held = RateStage(duration_s=warmup_s, rate_rps=rate)
        jump = RateStage(duration_s=0, rate_rps=load.start_rate_rps)
        return load.model_copy(update={"start_rate_rps": rate, "stages": (held, jump, *load.stages)})
    return load


def peak_users(load: Shape) -> int:
    """The most users at a time, and so the most requests in flight."""
    if isinstance(load, RampingUsers):
        return max(load.start_users, *(stage.users for stage in load.stages))
    if isinstance(load, ConstantRate | RampingRate):
        return load.max_users
    if isinstance(load, Burst):
        return load.size
    return load.to if isinstance(load, Sweep) else load.users


def peak_rate(load: Shape) -> float | None:
    """The highest planned rate in starts per second; None for shapes that plan users."""
    if isinstance(load, ConstantRate):
        return load.rate_rps
    if isinstance(load, RampingRate):
        return max(load.start_rate_rps, *(stage.rate_rps for stage in load.stages))
    return None


def split_evenly(total: int, parts: int) -> list[int]:
    """`total` in `parts` whole shares that differ by one at most and add up to it."""
    share, extra = divmod(total, parts)
    return [share + (i < extra) for i in range(parts)]
