"""What a sweep finds out beside its levels: bursts, the canary, what it is doing. Immutable; times are ns.

A sweep is a sequence of acts (webui/sweep/acts.py) that one engine carries out; these are the records that
the acts leave. The levels' own records are `snapshot.StepStats`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webui.metrics.histogram import EMPTY, Histogram, merge


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a level of about two response times: the successes that ended in it, and their
    latencies' sum. For a bootstrap, since neighbouring requests are not independent."""

    successes: int
    response_ns: int


@dataclass(frozen=True, slots=True)
class BurstStats:
    """`size` requests at one instant. The answers' times count from that instant, in rising order."""

    kind: str  # of acts.BurstKind
    size: int
    start_ns: int  # since the run's start
    successes_ns: tuple[int, ...]
    failures_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProbeStats:
    """Requests that are no part of the load, counted under a name of their own."""

    sent: int = 0
    successes: int = 0  # any full answer: a canary may well be a path that does not exist
    failures: int = 0
    times: Histogram = EMPTY  # of full answers, from send to end

    def __add__(self, other: "ProbeStats") -> "ProbeStats":
        return ProbeStats(
            self.sent + other.sent,
            self.successes + other.successes,
            self.failures + other.failures,
            merge((self.times, other.times)),
        )


@dataclass(frozen=True, slots=True)
class CanaryRecord:
    """The canary as it was chosen and measured while the target was idle.

    `path` is None where there is none: switched off by the plan (`reason` "off"), no candidate served
    ("none-answers", "needs-login", "redirects", "slow"), or the only ones are the load's own route
    ("same-route").
    `burst_costs_ns` is, for each burst of canary requests, the time of the whole burst less the floor,
    divided by the requests less one: the server's own cost of a trivial request.
    """

    path: str | None
    reason: str = ""
    status: int | None = None
    idle: Histogram = EMPTY
    burst_costs_ns: tuple[int, ...] = ()
    chosen_by_user: bool = False
    excluded: tuple[tuple[str, str], ...] = ()  # routes that were tried and not taken, each with its reason


@dataclass(frozen=True, slots=True)
class Activity:
    """What the sweep is doing now and why: `why` is one of acts.Why, `users` the number it is about."""

    why: str
    users: int = 0


@dataclass(frozen=True, slots=True)
class Probing:
    """All of it, of one interval or of a whole run."""

    bursts: tuple[BurstStats, ...] = ()
    canary: CanaryRecord | None = None
    probes: Mapping[str, ProbeStats] = field(default_factory=dict)  # by name: "canary GET /ping"
    activity: Activity | None = None  # a gauge: the newest one

    def __add__(self, later: "Probing") -> "Probing":
        probes = dict(self.probes)
        for name, stats in later.probes.items():
            probes[name] = probes.get(name, ProbeStats()) + stats
        return Probing(
            self.bursts + later.bursts,
            later.canary or self.canary,
            probes,
            later.activity or self.activity,
        )


NOTHING = Probing()
