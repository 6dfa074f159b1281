"""Which users a plan's load is driven by, what they share, and whether they may repeat the usual request."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol

from webui.engine.counted import CountedUser
from webui.engine.driving import is_open
from webui.engine.origin import Origins
from webui.engine.recorder import Recorder
from webui.engine.sockets import Sockets, can_have_sockets
from webui.engine.surroundings import Surroundings
from webui.engine.tapped import TappedUser
from webui.engine.template import Template
from webui.engine.user import User
from webui.engine.work import pauses
from webui.plan.load import ConstantUsers, Sweep
from webui.plan.model import Plan
from webui.units import NS_PER_S


class UsersHost(Protocol):
    """The shard, as users see it through their surroundings, which say what is what."""

    def wake_at(self, due_ns: int, user: User, /) -> None: ...

    def idle(self, user: User, /) -> None: ...

    def retired(self, user: User, /) -> None: ...

    def catch_up(self) -> None: ...


def surroundings_of(
    plan: Plan,
    origins: Origins,
    recorder: Recorder,
    random: Random,
    host: UsersHost,
) -> Surroundings:
    """What the plan's users share, in the running event loop. There is no work for them yet."""
    loop, open_model = asyncio.get_running_loop(), is_open(plan)
    return Surroundings(
        loop=loop,
        recorder=recorder,
        origins=origins,
        take=lambda: None,
        pause=None if open_model else pauses(*plan.think_time_s, random),
        wake_at=host.wake_at,
        idle=host.idle,
        retired=host.retired,
        catch_up=host.catch_up,
        keepalive=plan.http.keepalive,
        timeout_ns=round(plan.http.timeout_s * NS_PER_S),
        backoff_ns=plan.http.reconnect_backoff_ns,
        open=open_model,
        sockets=None if plan.http.keepalive or not can_have_sockets() else Sockets(loop),
    )


def let_repeat(plan: Plan, templates: list[Template], around: Surroundings) -> None:
    """Has users go on to the next request as soon as the usual response has come; not those who pause, wait
    for a start, connect anew or count their requests."""
    load = plan.load
    counts = isinstance(load, ConstantUsers) and load.iterations_per_user is not None
    if around.pause is None and not around.open and around.keepalive and not counts:
        for template in templates:
            template.learn()


def maker(plan: Plan, around: Surroundings) -> Callable[[], User]:
    """How a user of that plan is made."""
    load = plan.load
    if isinstance(load, ConstantUsers) and load.iterations_per_user is not None:
        number = load.iterations_per_user
        return lambda: CountedUser(around, number)
    if isinstance(load, Sweep):
        return lambda: TappedUser(around)
    return lambda: User(around)
