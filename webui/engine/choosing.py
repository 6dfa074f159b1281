"""How a sweep finds its canary, and measures it while the target has nothing else to do."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING

from webui.engine.canary import CONNECTIONS, Canary
from webui.engine.redirects import leads_elsewhere
from webui.engine.tapped import TappedUser
from webui.engine.template import Template
from webui.metrics.probing import CanaryRecord
from webui.plan.statuses import DEFAULT_SUCCESS
from webui.sweep.acts import IdleCanary
from webui.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from webui.engine.sweeping import SweepShape

_ROUNDS = 3  # of questions to each candidate; the first warms up
_LONGEST_NS = NS_PER_S  # for one answer
_CHEAP_NS = 3 * NS_PER_MS  # an answer that takes no longer is cheap enough, whatever the load's takes
_CHEAP_SHARE = 0.5  # of the load's own latency
_BETWEEN_BURSTS_NS = 20 * NS_PER_MS
_ALIKE_BYTES = 4  # by which two answers of one route may differ in size
_NEEDS_LOGIN = frozenset({401, 403})
_LOOK_NS = 5 * NS_PER_MS


def choose_canary(sweep: "SweepShape") -> Iterator[int]:
    """Asks every candidate in turn; the one that answers fastest is the canary."""
    canary = sweep.canary
    assert canary is not None
    yield from _alone(sweep)
    canary.closing = sweep.closing
    candidates = [_Candidate(template) for template in canary.templates]
    for _ in range(_ROUNDS):
        for candidate in candidates:
            if not candidate.excluded:
                yield from _ask(sweep, canary, candidate)
    round_trip_ns = canary.recorder.connect.take().min_ns
    # The last of the well-known routes does not exist: does the load's route serve it all the same?
    any_path = not canary.chosen_by_user and candidates[-1].is_like(sweep.answer_bytes)
    for candidate in candidates:
        if any_path and candidate.is_like(sweep.answer_bytes):
            candidate.excluded = "same-route"
        candidate.judge_cost(round_trip_ns, sweep.light_ns)
    fit = [candidate for candidate in candidates if not candidate.excluded]
    chosen = min(fit, key=lambda candidate: candidate.best_ns, default=None)
    if chosen is not None:
        sweep.canary_template = chosen.template
    sweep.keep_canary(_record(canary, candidates, chosen))


def _alone(sweep: "SweepShape") -> Iterator[int]:
    """The load rests until this is over, and so does the canary."""
    assert sweep.canary is not None
    sweep.canary.stop()
    sweep.rest()
    limit_ns = sweep.crew.host.now_ns() + sweep.longest_wait_ns
    while not sweep.all_parked and (now := sweep.crew.host.now_ns()) < limit_ns:
        yield now + _LOOK_NS


class _Candidate:
    """A route, and what it answered."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.excluded = ""  # the reason
        self.status: int | None = None
        self.size = 0  # of its answer
        self.times_ns: list[int] = []

    @property
    def best_ns(self) -> int:
        return min(self.times_ns[1:] or self.times_ns)

    @property
    def path(self) -> str:
        return self.template.request.target.path

    def is_like(self, load_bytes: float | None) -> bool:
        """Whether it answers like the load."""
        alike = load_bytes is not None and abs(self.size - load_bytes) <= _ALIKE_BYTES
        return not self.excluded and alike and self.status in DEFAULT_SUCCESS

    def answered(self, user: TappedUser) -> None:
        """Looks at the user's last answer. What a redirect leads to, a login page mostly, is what would have
        to be asked; the redirect itself may come from something before the server."""
        self.status, self.size = user.status, user.size
        location = user.redirected_to
        if user.status in _NEEDS_LOGIN:
            self.excluded = "needs-login"
        elif location is not None and leads_elsewhere(self.template.request, location):
            self.excluded = "redirects"

    def judge_cost(self, round_trip_ns: int, load_ns: float | None) -> None:
        """Excludes what is slow for the server, the network's part aside."""
        if self.excluded:
            return
        cost_ns = self.best_ns - round_trip_ns
        load_cost_ns = (load_ns or 0.0) - round_trip_ns
        if cost_ns > max(_CHEAP_NS, _CHEAP_SHARE * load_cost_ns):
            self.excluded = "slow"


def _ask(sweep: "SweepShape", canary: Canary, candidate: _Candidate) -> Iterator[int]:
    outcome: list[int | None] = []

    def tap(success: bool, service_ns: int) -> None:
        outcome.append(service_ns if success else None)
        sweep.go_on_soon()

    host = sweep.crew.host
    canary.around.tap = tap
    user, limit_ns = canary.ask(candidate.template), host.now_ns() + _LONGEST_NS
    while not outcome and host.now_ns() < limit_ns:
        yield limit_ns
    canary.around.tap = None
    if not outcome:
        canary.dismiss(user)
        candidate.excluded = "slow"
    elif outcome[0] is None:
        candidate.excluded = "none-answers"
    else:
        candidate.times_ns.append(outcome[0])
        candidate.answered(user)


def _record(canary: Canary, candidates: list[_Candidate], chosen: _Candidate | None) -> CanaryRecord:
    excluded = tuple((candidate.path, candidate.excluded) for candidate in candidates if candidate.excluded)
    by_user = canary.chosen_by_user
    if chosen is not None:
        return CanaryRecord(chosen.path, status=chosen.status, chosen_by_user=by_user, excluded=excluded)
    reasons = {reason for _, reason in excluded}
    known = ("needs-login", "redirects", "slow", "same-route", "none-answers")
    reason = next((reason for reason in known if reason in reasons), "none-answers")
    return CanaryRecord(None, reason, chosen_by_user=by_user, excluded=excluded)


def measure_idle_canary(sweep: "SweepShape", act: IdleCanary) -> Iterator[int]:
    """Probes while nothing else is sent; then so many questions at a time, several times."""
    canary, template, record = sweep.canary, sweep.canary_template, sweep.canary_record
    if canary is None or template is None or record is None:
        return
    yield from _alone(sweep)
    yield from _connected(sweep, canary, template, CONNECTIONS)
    canary.begin_step()
    canary.start(template, clock())
    until_ns = sweep.crew.host.now_ns() + round(act.seconds * NS_PER_S)
    while sweep.crew.host.now_ns() < until_ns:
        yield until_ns
    idle, _ = canary.end_step()
    canary.stop()
    if not idle:
        lost = () if record.path is None else ((record.path, "none-answers"),)
        sweep.keep_canary(replace(record, path=None, reason="none-answers", excluded=record.excluded + lost))
        return
    floor_ns = idle.percentile_ns(10) or 0
    costs = yield from _burst_costs(sweep, canary, template, act, floor_ns)
    canary.stop()
    sweep.keep_canary(replace(record, idle=idle, burst_costs_ns=costs))


def _connected(sweep: "SweepShape", canary: Canary, template: Template, number: int) -> Iterator[int]:
    """Has so many users connected, one after the other, as far as connections are kept."""
    host = sweep.crew.host
    limit_ns = host.now_ns() + _LONGEST_NS
    while canary.connect(template, number):
        yield host.now_ns() + NS_PER_MS
    while not canary.at_rest and (now := host.now_ns()) < limit_ns:
        yield now + NS_PER_MS


def _burst_costs(
    sweep: "SweepShape", canary: Canary, template: Template, act: IdleCanary, floor_ns: int
) -> Generator[int, None, tuple[int, ...]]:
    """What one trivial request costs the server, as each burst tells. The first burst warms up."""
    costs: list[int] = []
    yield from _connected(sweep, canary, template, act.size)
    for number in range(act.bursts + 1):
        took_ns = yield from _burst(sweep, canary, template)
        if took_ns is not None and number:
            costs.append(max(0, took_ns - floor_ns) // max(1, act.size - 1))
        yield sweep.crew.host.now_ns() + _BETWEEN_BURSTS_NS
    return tuple(costs)


def _burst(sweep: "SweepShape", canary: Canary, template: Template) -> Generator[int, None, int | None]:
    """How long all answers take; None where some do not come in time, or fail."""
    host = sweep.crew.host
    outcomes: list[bool] = []
    missing = canary.size
    last_ns = 0

    def tap(success: bool, service_ns: int) -> None:
        nonlocal last_ns
        outcomes.append(success)
        if len(outcomes) == missing:
            last_ns = clock()
            sweep.go_on_soon()

    if not missing or not canary.at_rest:
        return None
    began_ns, limit_ns = clock(), host.now_ns() + _LONGEST_NS
    canary.volley(template, tap)
    while not last_ns and host.now_ns() < limit_ns:
        yield limit_ns
    canary.around.tap = None
    return last_ns - began_ns if last_ns and all(outcomes) else None
