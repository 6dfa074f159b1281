"""Which users a plan's load is driven by, and whether they may repeat the usual request."""

from collections.abc import Callable

from webui.engine.counted import CountedUser
from webui.engine.surroundings import Surroundings
from webui.engine.tapped import TappedUser
from webui.engine.template import Template
from webui.engine.user import User
from webui.plan.load import ConstantUsers, Sweep
from webui.plan.model import Plan


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
