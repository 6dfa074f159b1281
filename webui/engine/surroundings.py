"""What all users of a shard share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webui.engine.origin import Origins
from webui.engine.recorder import Recorder
from webui.engine.schedule import NEVER
from webui.engine.sockets import Sockets
from webui.engine.template import Template

if TYPE_CHECKING:
    from webui.engine.user import User


@dataclass(slots=True, eq=False)
class Surroundings:
    """What all users of a shard share. `take` gives the next request, or None when there is none for now:
    then the user rests, and `idle` is called with it. `retired` is called once for every user.

    With more than a thousand busy connections the event loop may look for answers dozens of times before it
    looks at its timers. So users who see that it is later than `late_ns` call `catch_up`, which does what
    the timers should have done.
    """

    loop: asyncio.AbstractEventLoop
    recorder: Recorder
    origins: Origins
    take: Callable[[], Template | None]
    pause: Callable[[], int] | None
    wake_at: Callable[[int, "User"], None]
    idle: Callable[["User"], None]
    retired: Callable[["User"], None]
    keepalive: bool
    timeout_ns: int
    catch_up: Callable[[], None]
    backoff_ns: tuple[int, int] = (100_000_000, 1_000_000_000)  # after failed connections: first, longest
    late_ns: int = NEVER  # by then the timers should have run
    sockets: Sockets | None = None  # for connections that serve one request; else the event loop makes them
    open: bool = False  # requests are begun by a schedule, not by the user who is done with the last
    ended: bool = False  # no more requests are begun: `take` gives none
    # of users who are tapped
    tap: Callable[[bool, int], None] | None = None  # whether it is a success, and a success's service time
    retry_ns: int = 0  # pause after a failure

    def __post_init__(self) -> None:
        self.at_once = self.pause is None and not self.open

    at_once: bool = field(init=False)  # the next request follows the last response without a pause
