"""Simulated services, for a planner that acts and a diagnosis that judges without any clock or socket.

A service gets `arrive(job)` and calls `job.end(ok)` when it is answered; times are seconds of a `World`.
"""

from __future__ import annotations

import heapq
import math
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Draw = Callable[[random.Random], float]


class World:
    """A clock and what is due on it."""

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.rng = random.Random(seed)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def later(self, delay: float, act: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (self.now + delay, self._number, act))

    def run_until(self, moment: float, *, unless: Callable[[], bool] = lambda: False) -> None:
        while self._due and self._due[0][0] <= moment:
            if unless():
                return
            self.now, _, act = heapq.heappop(self._due)
            act()
        if not unless():
            self.now = max(self.now, moment)


def wandering(world: World, draw: Draw, share: float, seconds: float) -> Draw:
    """What `draw` says on a host whose pace wanders: by that share (a standard deviation), and for about so
    long in one direction. Neighbouring requests are slow, or quick, together."""
    drift = at = 0.0

    def drawn(rng: random.Random) -> float:
        nonlocal drift, at
        kept = math.exp((at - world.now) / seconds)
        drift, at = kept * drift + math.sqrt(1 - kept**2) * rng.gauss(0, share), world.now
        return draw(rng) * math.exp(drift)

    return drawn


@dataclass(slots=True, eq=False)
class Job:
    """A request at the service. `connection` is which of the client's it came on."""

    connection: int
    canary: bool
    end: Callable[[bool], None]


class Service(ABC):
    """A target. `closes`: each answer ends its connection."""

    closes = False

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def arrive(self, job: Job) -> None:
        """A request has come."""

    def connect(self, connections: Iterable[int]) -> None:  # noqa: B027  # few have to know
        """These are open from now on, and no others."""

    def quickly(self, job: Job, seconds: float = 0.0004) -> None:
        """Answered beside the work."""
        self.world.later(seconds, lambda: job.end(True))


def constant(seconds: float) -> Draw:
    return lambda _: seconds


def exponential(mean: float) -> Draw:
    return lambda rng: rng.expovariate(1 / mean)


def rarely_slow(usual: float, slow: float, one_in: int) -> Draw:
    return lambda rng: slow if rng.random() < 1 / one_in else usual


def around(mean: float, share: float) -> Draw:
    """Gamma-distributed, with this coefficient of variation."""
    shape = 1 / share**2
    return lambda rng: rng.gammavariate(shape, mean / shape)


class Slots(Service):
    """M/G/c: `slots` at a time, others wait in line. With `room`, those beyond slots + room are refused.
    `shared`: the canary takes a slot as well, as with worker processes."""

    def __init__(
        self, world: World, slots: int, draw: Draw, *, room: int | None = None, shared: bool = False
    ) -> None:
        super().__init__(world)
        self.slots, self.draw, self.room = slots, draw, room
        self.closes = self.shared = shared
        self.busy = 0
        self.line: deque[Job] = deque()

    def arrive(self, job: Job) -> None:
        if job.canary and not self.shared:
            self.quickly(job)
        elif self.busy < self.slots:
            self._begin(job)
        elif self.room is not None and len(self.line) >= self.room:
            self.world.later(0.0005, lambda: job.end(False))
        else:
            self.line.append(job)

    def _begin(self, job: Job) -> None:
        self.busy += 1
        seconds = 0.0005 if job.canary else self.draw(self.world.rng)
        self.world.later(seconds, lambda: self._end(job))

    def _end(self, job: Job) -> None:
        self.busy -= 1
        if self.line:
            self._begin(self.line.popleft())
        job.end(True)


class Pool(Slots):
    """Slots that every route takes, on connections that stay open."""

    def __init__(self, world: World, slots: int, draw: Draw) -> None:
        super().__init__(world, slots, draw, shared=True)
        self.closes = False


class Doors(Service):
    """No more than `limit` open connections, as with uvicorn's --limit-concurrency: whoever asks while there
    are more is refused, and loses the connection a moment later."""

    def __init__(self, world: World, limit: int, draw: Draw) -> None:
        super().__init__(world)
        self.limit, self.draw = limit, draw
        self.opened: set[int] = set()

    def connect(self, connections: Iterable[int]) -> None:  # few have to know
        self.opened = set(connections)

    def arrive(self, job: Job) -> None:
        self.opened.add(job.connection)
        if len(self.opened) <= self.limit:
            seconds = 0.0005 if job.canary else self.draw(self.world.rng)
            self.world.later(seconds, lambda: job.end(True))
            return
        self.world.later(0.0005, lambda: job.end(False))
        self.world.later(0.001, lambda: self.opened.discard(job.connection))


class Loops(Service):
    """`workers` event loops; a connection stays with one, which `salt` changes. Each request blocks its loop
    for `blocks`, then waits aside for `awaits`. Everything of a worker stands in one line, the canary too."""

    def __init__(
        self, world: World, workers: int, blocks: Draw, awaits: Draw | None = None, *, salt: int = 7
    ) -> None:
        super().__init__(world)
        self.blocks, self.awaits, self.salt = blocks, awaits or constant(0.0), salt
        self.free_at = [0.0] * workers

    def arrive(self, job: Job) -> None:
        worker = hash((job.connection, self.salt)) % len(self.free_at)
        cost = 0.0003 if job.canary else self.blocks(self.world.rng)
        done = max(self.world.now, self.free_at[worker]) + cost
        self.free_at[worker] = done
        aside = 0.0 if job.canary else self.awaits(self.world.rng)
        self.world.later(done + aside - self.world.now, lambda: job.end(True))


class Sharing(Service):
    """Processor sharing over `cores`: everyone's work goes on at the same pace, the canary's too."""

    def __init__(self, world: World, cores: int, work: Draw) -> None:
        super().__init__(world)
        self.cores, self.work = cores, work
        self.clock = self.since = 0.0  # work done on each job so far; when that was
        self.jobs: list[tuple[float, int, Job]] = []
        self.number = self.version = 0

    def arrive(self, job: Job) -> None:
        self._pass()
        self.number += 1
        work = 0.0003 if job.canary else self.work(self.world.rng)
        heapq.heappush(self.jobs, (self.clock + work, self.number, job))
        self._plan()

    def _pace(self) -> float:
        return min(1.0, self.cores / max(1, len(self.jobs)))

    def _pass(self) -> None:
        self.clock += (self.world.now - self.since) * self._pace()
        self.since = self.world.now

    def _plan(self) -> None:
        self.version += 1
        version = self.version
        if self.jobs:
            delay = max(0.0, (self.jobs[0][0] - self.clock) / self._pace())
            self.world.later(delay, lambda: self._due(version))

    def _due(self, version: int) -> None:
        if version != self.version:
            return
        self._pass()
        self.clock = max(self.clock, self.jobs[0][0])
        _, _, job = heapq.heappop(self.jobs)
        self._plan()
        job.end(True)


class Law(Service):
    """The Universal Scalability Law: each request's time grows with those in flight, with some noise."""

    def __init__(self, world: World, base: float, sigma: float, kappa: float, noise: float = 0.05) -> None:
        super().__init__(world)
        self.base, self.sigma, self.kappa, self.noise = base, sigma, kappa, noise
        self.busy = 0

    def arrive(self, job: Job) -> None:
        if job.canary:
            self.quickly(job)
            return
        self.busy += 1
        n = self.busy
        seconds = self.base * (1 + self.sigma * (n - 1) + self.kappa * n * (n - 1))
        self.world.later(seconds * max(0.1, self.world.rng.gauss(1, self.noise)), lambda: self._end(job))

    def _end(self, job: Job) -> None:
        self.busy -= 1
        job.end(True)


class Scales(Service):
    """No limit but the server's own `cost` of each request, one after the other; the canary pays it too."""

    def __init__(self, world: World, draw: Draw, cost: float) -> None:
        super().__init__(world)
        self.draw, self.cost = draw, cost
        self.free_at = 0.0

    def arrive(self, job: Job) -> None:
        self.free_at = max(self.world.now, self.free_at) + self.cost
        aside = 0.0 if job.canary else self.draw(self.world.rng)
        self.world.later(self.free_at + aside - self.world.now, lambda: job.end(True))


class Paced(Service):
    """A rate limit that lets wait: one request each 1 / `rate` begins, and takes `seconds`."""

    def __init__(self, world: World, rate: float, seconds: float) -> None:
        super().__init__(world)
        self.gap, self.seconds = 1 / rate, seconds
        self.next = 0.0

    def arrive(self, job: Job) -> None:
        if job.canary:
            self.quickly(job)
            return
        begin = max(self.world.now, self.next)
        self.next = begin + self.gap
        self.world.later(begin + self.seconds - self.world.now, lambda: job.end(True))


@dataclass
class Tokens:
    """A rate limit that refuses: a bucket of `size`, refilled at `rate`."""

    rate: float
    size: float
    left: float = field(default=0.0, init=False)
    at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.left = self.size

    def take(self, now: float) -> bool:
        self.left = min(self.size, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Limited(Service):
    """Refuses by rate, not by number at a time."""

    def __init__(self, world: World, tokens: Tokens, draw: Draw) -> None:
        super().__init__(world)
        self.tokens, self.draw = tokens, draw

    def arrive(self, job: Job) -> None:
        if job.canary:
            self.quickly(job)
        elif self.tokens.take(self.world.now):
            self.world.later(self.draw(self.world.rng), lambda: job.end(True))
        else:
            self.world.later(0.0005, lambda: job.end(False))


class Changing(Service):
    """Becomes `factor` times as slow after `after_s`; scales but for `slots`."""

    def __init__(self, world: World, slots: int, seconds: float, factor: float, after_s: float) -> None:
        super().__init__(world)
        self.inner = Slots(world, slots, lambda _: seconds * (factor if world.now > after_s else 1.0))

    def arrive(self, job: Job) -> None:
        self.inner.arrive(job)


class Tiring(Slots):
    """Slots of a busy host: each request takes `more` seconds longer for every ten in line, and varies."""

    def __init__(self, world: World, slots: int, seconds: float, more: float) -> None:
        spread = around(seconds, 0.05)
        super().__init__(world, slots, lambda rng: spread(rng) + more / 10 * len(self.line))
