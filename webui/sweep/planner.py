"""Which act of a sweep comes next, given what was measured so far. Pure; docs/diagnosis.md tells the method.

Single answers, the canary, one user; levels that double until the target is full, refuses, fails or gets
too slow; then what tells look-alikes apart: a level far beyond the knee, levels around it, a light one,
bursts, and one user again. Everything follows from the record, so what is asked for twice is the same act.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webui.metrics.probing import BurstStats, CanaryRecord
from webui.metrics.snapshot import StepStats
from webui.plan.load import Sweep
from webui.sweep.acts import Act, BurstKind, ChooseCanary, IdleCanary, Level, LevelKind, Volley, Why
from webui.sweep.figures import (
    FULL_BURSTS,
    Point,
    best_of,
    doors_of,
    edge_of,
    held,
    light_s,
    loaded,
    parallelism,
    points_of,
    quick_refusal_s,
    round_trip_s,
    saturated,
)

LONGEST_S = 52.0  # after which nothing but one user again is begun: a sweep ends within 60 s
LEVELS_S = 40.0  # of it for levels
DOUBLING_S = 34.0  # of these for the ones that double
GROWTH = 1.08  # more users that gain less than this are no gain
PAST_KNEE = 3.0  # how far past the knee the doubling goes
TOO_SLOW_S = 3.0  # a mean latency over this, and over 3 times the light load's, ends the doubling
FAILING = 0.5  # a share of successes under this ends it unless the failures are quick refusals
NEAR = 0.08  # a level closer than this to a measured one tells nothing new
SLOW_ANSWER_S = 0.4  # targets slower than this are given levels four times apart, for time's sake
STEADY = 0.1  # coefficient of variation under which the light load needs no more samples
LIGHT_ERROR = 0.04  # relative standard errors to aim at
TOP_ERROR = 0.02
MANY_REFUSING = 2  # levels: the first without a pause after a refusal, the next with one
MOST_EDGES = 16
MOST_HALVINGS = 14


@dataclass(frozen=True, slots=True)
class Record:
    """What a sweep has measured so far, in order."""

    steps: tuple[StepStats, ...] = ()
    bursts: tuple[BurstStats, ...] = ()
    canary: CanaryRecord | None = None
    elapsed_s: float = 0.0


def next_act(load: Sweep, record: Record, *, canary_wanted: bool) -> Act | None:
    """The act to carry out next; None when the sweep knows enough, or must not go on.

    A canary that was chosen and gave no answer when idle must be recorded without a path."""
    if not record.steps:
        return _singles(load)
    scene = _Scene(load, record)
    if not scene.points[0].successes:
        return None
    canary = _canary(record) if canary_wanted and not scene.levels else None
    return canary or _first_level(scene) or _on_from_there(scene)


def _singles(load: Sweep) -> Level:
    # A sweep that begins above one user has no other look at the light load.
    answers = 3 if load.from_ == 1 else 24
    return Level(1, "single", "first-answers", 10.0, 0, 10.0, until_answers=answers, canary=False)


def _canary(record: Record) -> Act | None:
    canary = record.canary
    if canary is None:
        return ChooseCanary()
    return IdleCanary() if canary.path is not None and not canary.idle else None


class _Scene:
    """The record in figures. What the doubling found (`m`, `peak`) stays as it is while later acts add to it,
    so that the plan doesn't move under its own feet."""

    def __init__(self, load: Sweep, record: Record) -> None:
        self.load = load
        self.record = record
        self.points = points_of(record.steps)
        base = [p for p in self.points if p.kind in ("single", "level")]
        self.levels = [p for p in base if p.kind == "level"]
        self.light_s = light_s(base) or 0.01
        self.peak = best_of(base)
        self.round_trip_s = round_trip_s(record.canary)
        self.m = parallelism(base, self.round_trip_s) or 1.0
        self.full = saturated(base)
        self.bending = saturated(base, 0.9)
        self.refusing = [p for p in loaded(self.points) if p.refuses]

    def of(self, kind: LevelKind) -> list[Point]:
        return [p for p in self.points if p.kind == kind]

    def bursts(self, kind: BurstKind) -> int:
        return sum(burst.kind == kind for burst in self.record.bursts)

    def latency_s(self, users: int) -> float:
        """What the mean latency at `users` will be, by the ceiling so far."""
        top = self.peak.rate if self.peak is not None and self.full else 0.0
        return max(self.light_s, users / top if top else 0.0)

    def measure_s(self, users: int, answers: float = 8.0, least: float = 0.6, most: float = 2.5) -> float:
        if self.load.step_s is not None:
            return self.load.step_s
        latency = self.latency_s(users)
        return min(max(most, 1.5 * latency), max(least, answers * latency))

    def level(self, users: int, kind: LevelKind, why: Why, **measuring: float) -> Level:
        latency = self.latency_s(users)
        return Level(
            users,
            kind,
            why,
            self.measure_s(users, **measuring),
            longest_settle_s=max(4.0, 1.5 * latency),
            canary=not self.refusing,
            retry_s=min(0.05, max(0.005, self.light_s / 2)) if self.refusing else 0.0,
        )

    def affordable(self, level: Level, until_s: float = LEVELS_S) -> bool:
        """Whether the time allows for it; always where the plan says how long levels last."""
        if self.load.step_s is not None:
            return True
        settling = min(level.longest_settle_s, 2.0 * self.latency_s(level.users))
        return self.record.elapsed_s + settling + level.measure_s <= until_s

    def tried(self, users: int) -> bool:
        return any(abs(users - p.users) <= NEAR * p.users for p in loaded(self.points))


def _first_level(scene: _Scene) -> Level | None:
    if scene.levels:
        return None
    users, latency = scene.load.from_, scene.points[0].mean_s or 0.01
    if users > 1:
        return scene.level(users, "level", "doubling")
    if scene.load.step_s is not None:
        return Level(1, "level", "one-user", scene.load.step_s, longest_settle_s=max(4.0, 3 * latency))
    slow = latency > SLOW_ANSWER_S
    return Level(
        1,
        "level",
        "one-user",
        max(4.0, 3.3 * latency),
        settle_answers=0 if slow else 2,
        longest_settle_s=max(4.0, 3 * latency),
        until_answers=3 if latency > TOO_SLOW_S / 2 else 24,
        until_error=0.01,
    )


def _on_from_there(scene: _Scene) -> Act | None:
    if scene.levels[0].refuses or not scene.levels[0].successes:
        return None
    if scene.of("again"):
        return None
    return _doubling(scene) or next(_follow_ups(scene), None) or _again(scene)


def _doubling(scene: _Scene) -> Level | None:
    if any(p.kind not in ("single", "level") for p in scene.points) or scene.record.bursts:
        return None
    last = scene.levels[-1]
    wanted = min(scene.load.to, last.users * _factor(scene))
    if wanted <= last.users or _enough(scene, last):
        return None
    level = scene.level(wanted, "level", "doubling")
    return level if scene.affordable(level, DOUBLING_S) else None


def _factor(scene: _Scene) -> int:
    slow = scene.load.step_s is None and scene.light_s >= SLOW_ANSWER_S
    return 4 if slow and not scene.full else 2


def _enough(scene: _Scene, last: Point) -> bool:
    if not last.successes or _failing(scene, last):
        return True
    if (last.mean_s or 0.0) > max(TOO_SLOW_S, 3.0 * scene.light_s):
        return True
    if len(scene.refusing) >= MANY_REFUSING:
        return True
    flat = [_gains_nothing(scene.levels[: i + 1]) for i in range(1, len(scene.levels))]
    if not flat or not flat[-1] or scene.refusing:
        return False
    return last.users >= PAST_KNEE * scene.m or (len(flat) >= 3 and all(flat[-3:]))


def _gains_nothing(levels: Sequence[Point]) -> bool:
    return levels[-1].rate < GROWTH * max(p.rate for p in levels[:-1])


def _failing(scene: _Scene, last: Point) -> bool:
    """Failures that are not quick refusals: slow ones and timeouts mean harm, and are not pushed further."""
    if not last.refuses:
        return False
    failed_s = (last.step.stats.failed.mean_ns or 0.0) / 1e9
    return failed_s > quick_refusal_s(last, scene.light_s)


def _follow_ups(scene: _Scene) -> Iterator[Act]:
    if scene.refusing:
        yield from () if any(_failing(scene, p) for p in scene.levels) else _refusals(scene)
        return
    if scene.peak is None:
        return
    if not scene.full:
        # Not full yet, and less than perfect: a burst of as many as there may be shows a limit below that.
        yield from _volleys(scene) if scene.bending else ()
        return
    for levels in (_late(scene), _refinement(scene), _more_light(scene)):
        yield from (level for level in levels if scene.affordable(level))
    yield from _volleys(scene)


def _late(scene: _Scene) -> Iterator[Level]:
    """A collapse may come late: four times the highest level so far."""
    past = any(p.kind not in ("single", "level") for p in scene.points) or scene.record.bursts
    users = min(scene.load.to, 4 * scene.levels[-1].users)
    if not past and not scene.tried(users) and scene.latency_s(users) <= TOO_SLOW_S:
        yield scene.level(users, "late", "looking-for-collapse")


def _refinement(scene: _Scene) -> Iterator[Level]:
    """Around the peak where throughput falls beyond it; at the knee; and, longest, on the plateau with a
    number of users that doesn't divide evenly among workers."""
    if scene.of("light") or scene.record.bursts or len(scene.of("refine")) >= 4 or scene.peak is None:
        return
    wanted: list[tuple[int, dict[str, float]]] = []
    if _falls(scene):
        wanted += [(round(scene.peak.users * factor), {}) for factor in (0.71, 1.41)]
    wanted.append((round(scene.m), {}))
    for users, measuring in wanted:
        within = max(scene.load.from_, min(scene.load.to, users))
        if not scene.tried(within):
            yield scene.level(within, "refine", "refining", **measuring)
    odd = _odd_level(scene)
    if odd is not None and not any(p.kind == "refine" and p.users == odd for p in scene.points):
        spread = max(p.spread for p in scene.levels[:3])
        answers = max(20.0, (spread / TOP_ERROR) ** 2 / odd)
        yield scene.level(odd, "refine", "refining", answers=answers, least=1.5, most=4.0)


def _odd_level(scene: _Scene) -> int | None:
    candidates = [p.users for p in scene.levels if p.users >= 2 * scene.m] or [scene.levels[-1].users]
    odd = candidates[0] - 1
    return odd if odd >= max(2, scene.load.from_) else None


def _falls(scene: _Scene) -> bool:
    top = max(loaded(scene.points), key=lambda p: p.users)
    return scene.peak is not None and top.users > scene.peak.users and top.rate < 0.8 * scene.peak.rate


def _more_light(scene: _Scene) -> Iterator[Level]:
    """More samples of the service time where it varies."""
    if scene.of("light") or scene.record.bursts:
        return
    users = max(scene.load.from_, round(scene.m / 2) if scene.m >= 3 else 1)
    spread = max(p.spread for p in scene.levels[:3])
    if spread > STEADY and (users == 1 or users <= 0.6 * scene.m):
        answers = (spread / LIGHT_ERROR) ** 2 / users
        yield scene.level(users, "light", "more-light-load", answers=answers, least=1.0, most=4.0)


def _volleys(scene: _Scene) -> Iterator[Act]:
    """Large bursts are answered in generations as wide as the parallelism; small ones all together."""
    large = max(4, min(scene.load.to, round(3.5 * scene.m)))
    if large > scene.load.to or large < 1.15 * scene.m or _falls(scene):
        return
    left_s = LONGEST_S - scene.record.elapsed_s
    if scene.bursts("large") < 3 and not scene.bursts("small") and scene.latency_s(large) < left_s:
        yield Volley(large, "large")
    size = _edge(scene)
    if size is not None and not scene.bursts("small") and 2 * scene.light_s < left_s:
        yield Volley(size, "edge")
    small = round(0.6 * scene.m)
    wanted = 4 if scene.light_s < SLOW_ANSWER_S else 2
    if scene.bursts("small") < wanted and small >= 2 and scene.light_s < left_s:
        yield Volley(small, "small")


def _edge(scene: _Scene) -> int | None:
    """The size of the next burst around the parallelism; None where it is known, or service times vary too
    much for it to be told."""
    steady = max(p.spread for p in scene.levels[:3]) < STEADY
    if not steady or scene.light_s > SLOW_ANSWER_S or scene.m < 2.5 or scene.bursts("edge") >= MOST_EDGES:
        return None
    edge = edge_of(scene.record.bursts, scene.light_s, scene.m, scene.load.to)
    return None if edge.settled or edge.again > scene.load.to else edge.again


def _refusals(scene: _Scene) -> Iterator[Act]:
    """Far more than it holds, with users who retry quickly; and bursts: how many of them pass?"""
    most = max(held(p) for p in scene.refusing)
    users = min(scene.load.to, max(4, round(5 * most)))
    begun = bool(scene.record.bursts or scene.of("refine"))
    if not begun and not any(p.users >= 0.8 * users for p in scene.refusing[1:]):
        level = scene.level(users, "refine", "refusals")
        yield from (level,) if scene.affordable(level) else ()
    size = min(scene.load.to, max(4, round(4 * most)))
    if scene.record.elapsed_s > LONGEST_S:
        return
    if scene.bursts("refused") < FULL_BURSTS:
        yield Volley(size, "refused", "refusals", rest_s=0.2)
    elif not any(burst.successes_ns for burst in scene.record.bursts[:FULL_BURSTS]):
        # None passes when all are connected: it is connections that are counted.
        doors = doors_of(scene.record.bursts, scene.points)
        if not doors.settled and scene.bursts("refused") < FULL_BURSTS + MOST_HALVINGS:
            yield Volley(doors.again, "refused", "refusals", rest_s=0.2)


def _again(scene: _Scene) -> Level | None:
    """One user at the end: has the service changed meanwhile?"""
    latency = scene.points[0].mean_s or 0.01
    if scene.load.from_ > 1 or len(scene.levels) < 2:
        return None
    seconds = max(2.0, 1.2 * latency)
    return Level(
        1,
        "again",
        "one-user-again",
        scene.load.step_s or seconds,
        settle_answers=1,
        longest_settle_s=max(4.0, 2 * latency),
        until_answers=None if scene.load.step_s else 12,
        until_error=None if scene.load.step_s else 0.02,
    )
