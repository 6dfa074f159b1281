"""A volley of a sweep: so many requests at one instant, on connections that were opened and used before."""

from collections.abc import Iterator
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING

from webui.engine.descriptors import allow_connections
from webui.engine.template import Template
from webui.metrics.probing import BurstStats
from webui.sweep.acts import Volley
from webui.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from webui.engine.sweeping import SweepShape

_LOOK_NS = 5 * NS_PER_MS
_LONGEST_WARM_UP_NS = 4 * NS_PER_S
_LONGEST_CONNECTING_NS = NS_PER_S
MOST_ANSWERS = 5000  # whose times are kept, of successes and of failures each


def fire_volley(sweep: "SweepShape", act: Volley) -> Iterator[int]:
    """Carries the volley out, and keeps its record. It ends with its last answer."""
    size = min(act.size, sweep.load.to)
    allow_connections(size)
    if not _ready(sweep, size):
        yield from _warm_up(sweep, size)
    yield from _come_to_rest(sweep)
    _have_users(sweep, size)
    templates = [sweep.crew.choose_any() for _ in range(size)]
    if not sweep.closing:
        yield from _reconnect(sweep, templates)
    yield sweep.crew.host.now_ns() + round(act.rest_s * NS_PER_S)
    answers = _Answers(sweep, act)
    answers.fire(templates)
    while answers.missing:
        yield sweep.crew.host.now_ns() + NS_PER_S
    sweep.crew.around.tap = None
    sweep.keep_burst(answers.record())


def _ready(sweep: "SweepShape", size: int) -> bool:
    """Whether there are enough users, connected as far as connections are kept."""
    if sweep.closing:
        return True
    return sweep.all_parked and sum(user.ready(0) for user in sweep.users) >= size


def _warm_up(sweep: "SweepShape", size: int) -> Iterator[int]:
    """Under load, so that a server with several workers spreads the connections."""
    host = sweep.crew.host
    sweep.work(size)
    for user in sweep.users:
        user.begin_counting()
    limit_ns = host.now_ns() + _LONGEST_WARM_UP_NS + size * NS_PER_MS
    while (now := host.now_ns()) < limit_ns:
        if sweep.all_at_work and all(user.ended for user in sweep.users):
            return
        yield now + _LOOK_NS


def _come_to_rest(sweep: "SweepShape") -> Iterator[int]:
    """Nothing is begun, and what is under way ends; no request takes longer than the timeout."""
    sweep.rest()
    while not sweep.all_parked:
        yield sweep.crew.host.now_ns() + NS_PER_MS
        sweep.rest()  # who failed pauses: no need to wait for that


def _have_users(sweep: "SweepShape", size: int) -> None:
    """Exactly so many, all at rest."""
    parked = sweep.parked
    sweep.dice.shuffle(parked)
    parked.sort(key=lambda user: not user.ready(0))
    while len(parked) > size:
        parked.pop().retire()
    while len(parked) < size:
        parked.append(sweep.crew.hire())


def _reconnect(sweep: "SweepShape", templates: list[Template]) -> Iterator[int]:
    """Who lost the connection, or has none to where its request goes, makes it anew, a millisecond apart."""
    host, parked = sweep.crew.host, sweep.parked
    cold = [(user, template) for user, template in zip(parked, templates, strict=True)
            if not user.ready(template.origin)]  # fmt: skip
    order = {user: place for place, user in enumerate(parked)}
    for user, template in cold:
        parked.remove(user)
        user.connect_ahead(template)
        yield host.now_ns() + NS_PER_MS
    limit_ns = host.now_ns() + min(_LONGEST_CONNECTING_NS, sweep.longest_wait_ns)
    while not sweep.all_parked and (now := host.now_ns()) < limit_ns:
        yield now + NS_PER_MS
    for user in [user for user in order if not user.resting]:
        user.retire()  # its connection does not come; the volley's request tries again
        parked.append(sweep.crew.hire())
        order[parked[-1]] = order[user]
    parked.sort(key=order.__getitem__)


class _Answers:
    """What comes back, from the instant on."""

    def __init__(self, sweep: "SweepShape", act: Volley) -> None:
        self._sweep = sweep
        self._act = act
        self._size = self.missing = 0
        self._instant_ns = 0
        self._successes: list[int] = []
        self._failures: list[int] = []

    def fire(self, templates: list[Template]) -> None:
        """Everybody begins one request."""
        sweep = self._sweep
        users = list(sweep.parked)
        sweep.parked.clear()
        self._size = self.missing = len(users)
        self._instant_ns = clock()
        sweep.crew.around.tap = self._tap
        for user, template in zip(users, templates, strict=True):
            user.begin(template)

    def _tap(self, success: bool, service_ns: int) -> None:
        times = self._successes if success else self._failures
        if len(times) < MOST_ANSWERS:
            times.append(clock() - self._instant_ns)
        self.missing -= 1
        if not self.missing:
            self._sweep.go_on_soon()

    def record(self) -> BurstStats:
        """The record, when nothing is missing any more."""
        start_ns = self._instant_ns - self._sweep.crew.recorder.origin_ns
        return BurstStats(self._act.kind, self._size, start_ns, tuple(self._successes), tuple(self._failures))
