"""Carries out a planner's acts against a simulated service, in simulated time, and keeps the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.sweep.queues import Job, Service, World
from webui.metrics.histogram import EMPTY, Histogram
from webui.metrics.probing import Block, BurstStats, CanaryRecord, ProbeStats, Probing
from webui.metrics.snapshot import EndpointStats, Snapshot, StepStats, Totals
from webui.plan.load import Sweep
from webui.sweep.acts import Act, ChooseCanary, IdleCanary, Level, Volley
from webui.sweep.planner import Record, next_act

CANARY_GAP_S = 0.02
Answer = tuple[float, float, bool, int]  # its end, latency, whether it is a success, the user
CANARY_CONNECTIONS = 4


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


class Executor:
    """One sweep. `record` and `total` are what it left."""

    def __init__(
        self,
        world: World,
        service: Service,
        *,
        round_trip: float = 0.0002,
        demand_percent: float | None = 30.0,
        canary: bool = True,
    ) -> None:
        self.world, self.service, self.round_trip = world, service, round_trip
        self.demand_percent, self.canary_wanted = demand_percent, canary
        self.record = Record()
        self.acts: list[Act] = []
        self.answers: list[Answer] = []  # of the level
        self.probes: list[float] = []
        self.all_probes: list[float] = []
        self.level = 0  # which level's users go on
        self.probing = False
        self.under_way = 0
        self.sent = self.requests = 0

    # -- requests ------------------------------------------------------------------------------------------

    def send(self, connection: int, canary: bool, ended: Callable[[float, bool], None]) -> None:
        world, begun = self.world, self.world.now
        one_way = self.round_trip / 2 * (1 + 0.2 * world.rng.random())

        def end(ok: bool) -> None:
            world.later(one_way, lambda: ended(world.now - begun, ok))

        job = Job(connection, canary, end)
        world.later(one_way, lambda: self.service.arrive(job))

    def user(self, number: int, level: int, retry_s: float) -> None:
        """One closed-loop user, until the level is over."""

        def begin() -> None:
            if self.level == level:
                self.requests += 1
                self.under_way += 1
                self.send(number, False, ended)

        def ended(latency: float, ok: bool) -> None:
            self.under_way -= 1
            self.answers.append((self.world.now, latency, ok, number))
            self.world.later(0.00005 if ok else max(retry_s, 0.00005), begin)

        begin()

    def probe(self, connection: int) -> None:
        def ended(latency: float, ok: bool) -> None:
            self.probes.append(latency)
            self.all_probes.append(latency)
            self.world.later(max(0.0, CANARY_GAP_S * CANARY_CONNECTIONS - latency), again)

        def again() -> None:
            if self.probing:
                self.send(-1 - connection, True, ended)

        again()

    # -- acts ----------------------------------------------------------------------------------------------

    def run(self, load: Sweep) -> None:
        while (act := next_act(load, self.record, canary_wanted=self.canary_wanted)) is not None:
            self.acts.append(act)
            assert len(self.acts) < 80, "the planner does not end"
            self.carry_out(act)
            self.record = replace(self.record, elapsed_s=self.world.now)

    def carry_out(self, act: Act) -> None:
        match act:
            case ChooseCanary():
                self.record = replace(self.record, canary=CanaryRecord("/ping", status=200))
            case IdleCanary():
                self.idle(act)
            case Level():
                self.record = replace(self.record, steps=(*self.record.steps, self.hold(act)))
            case Volley():
                self.record = replace(self.record, bursts=(*self.record.bursts, self.volley(act)))

    def idle(self, act: IdleCanary) -> None:
        begun = len(self.all_probes)
        self.start_canary()
        self.world.run_until(self.world.now + act.seconds)
        self.probing = False
        idle = Histogram.of([ns(value) for value in self.all_probes[begun:]])
        floor = (idle.percentile_ns(10) or 0) / 1e9
        costs = []
        for _ in range(act.bursts):
            times = self.at_once(act.size, canary=True)[0]
            costs.append(max(0, ns((max(times) - floor) / (act.size - 1))))
        assert self.record.canary is not None
        self.record = replace(
            self.record, canary=replace(self.record.canary, idle=idle, burst_costs_ns=tuple(costs))
        )

    def start_canary(self) -> None:
        if not self.probing:
            self.probing = True
            for connection in range(CANARY_CONNECTIONS):
                self.world.later(CANARY_GAP_S * connection, lambda c=connection: self.probe(c))

    def hold(self, act: Level) -> StepStats:
        world = self.world
        self.drain()
        begun = world.now
        self.service.connect(())
        self.level += 1
        self.answers.clear()
        canary = self.record.canary
        if act.canary and canary is not None and canary.path is not None:
            self.start_canary()
        else:
            self.probing = False
        for number in range(act.users):
            world.later(0.001 * number, lambda n=number: self.user(n, self.level, act.retry_s))
        self.settle(act, begun)
        start = world.now
        self.answers.clear()
        self.probes.clear()
        self.measure(act, start)
        answers, end = list(self.answers), world.now
        self.level += 1
        return self.stats_of(act, answers, start, end, start - begun)

    def drain(self) -> None:
        """What the last level left under way ends first."""
        self.world.run_until(self.world.now + 10, unless=lambda: self.under_way == 0)

    def settle(self, act: Level, begun: float) -> None:
        finished = [0] * act.users
        seen = 0

        def settled() -> bool:
            nonlocal seen
            for _, _, _, user in self.answers[seen:]:
                if user < act.users:
                    finished[user] += 1
            seen = len(self.answers)
            return min(finished) >= act.settle_answers

        moment = begun
        while not settled() and self.world.now - begun < act.longest_settle_s:
            moment += 0.005
            self.world.run_until(moment)

    def measure(self, act: Level, start: float) -> None:
        until = start + act.measure_s
        self.measure_up_to(act, start, until)
        self.world.run_until(self.world.now + 30, unless=lambda: bool(self.answers))

    def measure_up_to(self, act: Level, start: float, until: float) -> None:
        if act.until_answers is None:
            self.world.run_until(until)
            return
        moment = start
        while self.world.now < until and not self.enough(act):
            moment += 0.002
            self.world.run_until(min(moment, until))

    def enough(self, act: Level) -> bool:
        good = [latency for _, latency, ok, _ in self.answers if ok]
        if len(good) >= (act.until_answers or 0):
            return True
        if act.until_error is None or len(good) < 8:
            return False
        mean = sum(good) / len(good)
        variance = sum((x - mean) ** 2 for x in good) / (len(good) - 1)
        return (variance / len(good)) ** 0.5 <= act.until_error * mean

    def stats_of(
        self, act: Level, answers: Sequence[Answer], start: float, end: float, settle: float
    ) -> StepStats:
        good = [(at, latency, user) for at, latency, ok, user in answers if ok]
        bad = [latency for _, latency, ok, _ in answers if not ok]
        self.sent += len(answers)
        per_user = [0] * act.users
        for _, _, user in good:
            if user < act.users:
                per_user[user] += 1
        response = Histogram.of([ns(latency) for _, latency, _ in good])
        stats = EndpointStats(
            Totals(len(answers), len(answers), len(answers), len(good), len(bad)),
            {200: len(good), 503: len(bad)},
            response,
            response,
            Histogram.of([ns(latency) for latency in bad]),
        )
        length = max(2 * (response.mean_ns or 0) / 1e9, (end - start) / 60, 1e-6)
        blocks = [Block(0, 0)] * max(1, int((end - start) / length))
        for at, latency, _ in good:
            place = min(len(blocks) - 1, int((at - start) / (end - start) * len(blocks)))
            blocks[place] = Block(blocks[place].successes + 1, blocks[place].response_ns + ns(latency))
        return StepStats(
            act.users,
            ns(start),
            ns(end),
            ns(settle),
            stats,
            act.kind,
            tuple(blocks),
            ns((end - start) / len(blocks)),
            tuple(sorted(per_user)),
            Histogram.of([ns(value) for value in self.probes]) if self.probing else EMPTY,
            0,
            len(answers) if self.service.closes else 0,
            self.demand_percent,
        )

    def at_once(self, size: int, *, canary: bool) -> tuple[list[float], list[float]]:
        good: list[float] = []
        bad: list[float] = []
        self.service.connect(() if canary else range(1000, 1000 + size))
        for number in range(size):
            self.send(1000 + number, canary, lambda latency, ok: (good if ok else bad).append(latency))
        until = self.world.now + 30
        self.world.run_until(until, unless=lambda: len(good) + len(bad) == size)
        return sorted(good), sorted(bad)

    def volley(self, act: Volley) -> BurstStats:
        self.probing = False
        self.drain()
        self.world.run_until(self.world.now + act.rest_s)
        start = self.world.now
        good, bad = self.at_once(act.size, canary=False)
        self.requests += act.size
        return BurstStats(act.kind, act.size, ns(start), tuple(map(ns, good)), tuple(map(ns, bad)))

    @property
    def total(self) -> Snapshot:
        steps = self.record.steps
        endpoint = EndpointStats(
            sum((step.stats.totals for step in steps), Totals()),
        )
        probes = ProbeStats(len(self.all_probes), len(self.all_probes), 0)
        return Snapshot(
            0,
            ns(self.world.now),
            endpoints=(endpoint,),
            connect=Histogram.of([ns(self.round_trip)] * 20),
            steps=steps,
            probing=Probing(self.record.bursts, self.record.canary, {"canary GET /ping": probes}),
        )


def sweep(service: Service, *, to: int = 256, from_: int = 1, **options: object) -> Executor:
    """The finished sweep of a service."""
    executor = Executor(service.world, service, **options)  # type: ignore[arg-type]
    executor.run(Sweep(shape="sweep", from_=from_, to=to))
    return executor
