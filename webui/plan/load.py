"""How hard and how long: the load shapes. Pure."""

from typing import Annotated, Literal

from pydantic import Field

from webui.plan.base import Document

MAX_USERS = 100_000
MAX_DURATION_S = 7 * 24 * 3600.0
MAX_ITERATIONS = 10**12


class ConstantUsers(Document):
    """N users, each sending its next request when the last was answered (closed model).

    Ends after `duration_s` or `iterations` (in total over all users), whichever comes first; with
    neither, when it is stopped. `spawn_rate` is users started per second; None: all within one second.
    """

    shape: Literal["constant-users"] = "constant-users"
    users: Annotated[int, Field(ge=1, le=MAX_USERS)]
    spawn_rate: Annotated[float, Field(gt=0, le=1e6)] | None = None
    duration_s: Annotated[float, Field(ge=0.1, le=MAX_DURATION_S)] | None = None
    iterations: Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] | None = None

    @property
    def spawn_per_s(self) -> float:
        """Users started per second."""
        return self.spawn_rate if self.spawn_rate is not None else float(self.users)

    @property
    def ramp_s(self) -> float:
        """How long it takes until all users run."""
        return (self.users - 1) / self.spawn_per_s


def users_due(load: ConstantUsers, elapsed_s: float) -> int:
    """How many users should have started by then: the first at once, the others evenly."""
    if elapsed_s < 0:
        return 0
    return min(load.users, int(elapsed_s * load.spawn_per_s) + 1)


def split_evenly(total: int, parts: int) -> list[int]:
    """`total` in `parts` whole shares that differ by one at most and add up to it."""
    share, extra = divmod(total, parts)
    return [share + (i < extra) for i in range(parts)]


Load = ConstantUsers
