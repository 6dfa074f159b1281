"""From facts to a verdict: rules in order, the first that applies decides. Pure."""

from collections.abc import Callable
from dataclasses import replace

from webui.analysis.diagnosis.answers import PACED, TOGETHER
from webui.analysis.diagnosis.bootstrap import Interval
from webui.analysis.diagnosis.facts import CHANGED, CORNER, Facts
from webui.analysis.diagnosis.refusals import TOO_MANY, refuses
from webui.analysis.diagnosis.verdict import Verdict, inconclusive
from webui.sweep.figures import Point
from webui.units import count, milliseconds, percent, plural, significant

GENERATOR_LIMIT = 85.0  # percent of its core at the ceiling
STARVED = 0.25  # of its time the generator waited for a processor: what it sees of the canary is its own wait
ONE = 1.35  # an effective parallelism under this is one at a time
OWN_COST = 3.0  # times a trivial request's cost: a ceiling within it is the server's own
LONG = 8.0  # an effective parallelism from which on most of a request is spent waiting
SAME_LINE = 0.87  # coupling from which on the canary stands in the line that the load stands in
SAME_PROCESSOR = 0.25  # coupling under which the canary meets a busy host, and no line of the load's
UNEVEN_LINE = 0.6  # the same where users are served unevenly: the canary's connections are, too
NO_LINE = 0.8  # of the longest wait is the mean wait: no line, in which it is about half
VARYING = 0.3  # coefficient of variation from which on that tells nothing
STEADY = 0.2  # coefficient of variation up to which a burst's rhythm tells something
TOO_WIDE = 0.5  # relative width of the interval
IDEAL = 1.25  # times the time that one pool needs for a burst
COLLAPSE = 0.7
FEW = 4.0
OWN_WORK_S = 0.001  # of the loop for each request, and this share of its time: a server's usual work
OWN_WORK = 0.05
SLUMP = 0.05  # of the ceiling: levels that ought to reach it and don't


def judge(facts: Facts) -> Verdict:
    """The verdict. Not for targets that serve one user badly: those have no facts to judge."""
    for rule in _RULES:
        verdict = rule(facts)
        if verdict is not None:
            return verdict
    return _affected(facts) if facts.canary.affected else _unaffected(facts)


def badly_served(first: tuple[Point, ...]) -> Verdict | None:
    """The verdict where one user was not served well; None where it was."""
    answers = sum(p.successes for p in first)
    failures = sum(p.failures for p in first)
    if failures > 0.05 * (answers + failures):
        share = percent(100 * failures / (answers + failures))
        by_rate = any(TOO_MANY in p.step.stats.status_codes for p in first)
        return inconclusive(
            "rate-limited" if by_rate else "often-fails" if answers else "never-served",
            f"One user alone was not served well: {count(failures)} of {count(answers + failures)} "
            f"requests ({share}) failed.",
        )
    if answers < 3:
        return inconclusive(
            "few-answers",
            f"One user alone got {plural(answers, 'answer')} in the time there was: too few to build on.",
        )
    return None


def _generator(facts: Facts) -> Verdict | None:
    demand = facts.demand_percent
    if not facts.full or demand is None or demand <= GENERATOR_LIMIT:
        return None
    return inconclusive(
        "generator",
        f"The generator itself was the limit: at the ceiling it used or waited for {demand:.0f}% of a core.",
    )


def _changed(facts: Facts) -> Verdict | None:
    drift = facts.drift
    if drift is None or 1 / CHANGED <= drift <= CHANGED:
        return None
    start = next(p for p in facts.points if p.kind != "single" and p.mean_s)
    end = next(p for p in facts.points if p.kind == "again")
    return inconclusive(
        "changed",
        f"The service changed while it was measured: one user waited {_time(start.mean_s)} at the start and "
        f"{_time(end.mean_s)} at the end.",
    )


def _contradicts(facts: Facts) -> Verdict | None:
    pair = facts.contradiction
    if pair is None or not facts.full:
        return None
    a, b = (f"{significant(p.rate)} successes/s with {count(p.users)} users" for p in pair)
    return inconclusive(
        "contradicts",
        f"Levels that ought to agree do not: {a}, {b}. The service, or the machine it shares with others, "
        "was not the same all the time.",
    )


def _scales(facts: Facts) -> Verdict | None:
    counted = facts.count is not None and facts.scaling < 0.9
    if facts.full or counted:
        return None
    most = max(facts.levels, key=lambda p: p.users)
    held = most.rate * facts.service_s
    doubts = (facts.scaling < 0.85) + (most.users < 8)
    return Verdict("scales", Interval(held, min(held, facts.m.low), held), at_least=True, doubts=doubts)


def _starved(facts: Facts) -> Verdict | None:
    """A canary that waits, as a generator without a processor sees it, tells nothing of the target."""
    if not facts.canary.affected or facts.wait_share <= STARVED:
        return None
    return inconclusive(
        "generator",
        f"Other processes, perhaps the target's, kept the generator waiting for a processor "
        f"{100 * facts.wait_share:.0f}% of its time. Other routes seemed to wait too, but that may have been "
        "the generator itself: a target that computes on the processors that both share, and one that stands "
        "still, would look the same.",
    )


def _own_cost(facts: Facts) -> Verdict | None:
    """A canary that waits, and a ceiling near a trivial request's cost: the server itself is the limit."""
    cost = facts.canary.cost_s
    if not facts.canary.affected or not cost or OWN_COST * cost * facts.ceiling.value < 1:
        return None
    if facts.m.value >= LONG:
        if facts.count is not None and (facts.canary.coupling or 0) < 0.5:
            return None  # slots as well, and they can be counted
        return Verdict("scales", facts.m, at_least=True, shade="own-cost", doubts=_doubts(facts))
    return Verdict("cpu-bound", facts.m, shade="own-cost", doubts=_doubts(facts))


_RULES: tuple[Callable[[Facts], Verdict | None], ...] = (
    refuses,
    _generator,
    _changed,
    _scales,
    _contradicts,
    _starved,
    _own_cost,
)


def _unaffected(facts: Facts) -> Verdict:
    """Other routes stay quick, or there is none to ask."""
    m = facts.m
    if facts.falls is not None:
        return Verdict("degrades", m, doubts=_doubts(facts))
    ambiguous = _ambiguous(facts)
    if ambiguous is not None:
        return ambiguous
    if m.value < ONE:
        return Verdict("serialised", m, doubts=_doubts(facts))
    return Verdict("fixed-slots", m, doubts=_doubts(facts))


def _ambiguous(facts: Facts) -> Verdict | None:
    """The verdict where two explanations fit."""
    if facts.count is None and facts.m.width > TOO_WIDE:
        return inconclusive(
            "varies",
            f"The intervals are too wide: between {significant(facts.m.low)} and {significant(facts.m.high)} "
            "requests at a time would fit. The service's own times vary too much for a sweep of this length.",
            facts.m,
        )
    if _shares(facts):
        return inconclusive(
            "shared",
            "All requests of a burst are answered at its end: none of them waits in line, they share what "
            f"keeps about {significant(facts.m.value)} busy at a time. Processors, the network's bandwidth, "
            "and requests that are gathered and done together would all look like this.",
            facts.m,
        )
    bends = facts.corner_misfit is not None and facts.corner_misfit > CORNER
    if bends and facts.count is None:
        return inconclusive(
            "look-alikes",
            "Throughput bends long before it stops growing: several limits one after the other, or requests "
            "that get in each other's way, would both look like this, and a fixed number at a time would "
            "not.",
        )
    if _is_paced(facts) or _waits_in_small_bursts(facts):
        gap = milliseconds(1000 / facts.ceiling.value)
        return inconclusive(
            "look-alikes",
            f"Even small bursts are answered one by one, every {gap}: a rate limit that makes requests wait, "
            "and a part of each request that only one at a time may pass, would both look like this.",
            facts.m,
        )
    if facts.canary.affected is None and (facts.count is None or facts.count < LONG):
        return inconclusive(
            "no-canary",
            f"About {significant(facts.m.value)} requests are worked on at a time, but without a canary (a "
            "second route to ask meanwhile) a blocked event loop, a busy processor and a limit on this route "
            "all look the same.",
            facts.m,
        )
    return None


def _shares(facts: Facts) -> bool:
    """Whether large bursts end all at once: in a line they end one generation after the other, and wait for
    about half of the time on average."""
    waits = facts.bursts.mean_wait
    return facts.count is None and waits is not None and waits > NO_LINE and facts.spread < VARYING


def _is_paced(facts: Facts) -> bool:
    paced = facts.bursts.paced
    return facts.count is None and paced is not None and paced >= PACED and facts.spread < STEADY


def _waits_in_small_bursts(facts: Facts) -> bool:
    """In small bursts nobody should wait. Told from varying service times only where these are few enough."""
    rise, m = facts.bursts.small_rise, facts.m.value
    if rise is None or facts.count is not None or m < 3 or facts.spread < STEADY:
        return False  # steady services show it in their rhythm
    answers = sum(b.size for b in facts.bursts_seen if b.kind == "small")
    # One by one would make the mean wait 0.3 of the service time: 0.6 m answers, half of them on average.
    error = facts.spread / answers**0.5 / 0.3 if answers else 1.0
    return error < 0.2 and 0.6 < rise < 1.5


def _affected(facts: Facts) -> Verdict:
    """The canary waits too: in the same line, or for the same processor."""
    m, doubts = facts.m, _doubts(facts)
    if facts.closes:
        one = m.value < ONE
        return Verdict("serialised" if one else "fixed-slots", m, shade="processes", doubts=doubts)
    if facts.falls is not None and facts.falls < COLLAPSE:
        return Verdict("degrades", m, doubts=doubts)
    waits = facts.bursts.mean_wait
    together = waits is not None and waits > TOGETHER and facts.spread < STEADY
    if (facts.canary.coupling or 0.0) >= (
        SAME_LINE if facts.even is not False else UNEVEN_LINE
    ) and not together:
        return _same_line(facts, doubts)
    if not together and (m.value >= FEW or _is_paced(facts)):
        if (facts.canary.coupling or 0.0) < SAME_PROCESSOR:
            # Were the loop the limit, the load would wait for it, and the canary as long.
            slots = _unaffected(facts)
            return replace(slots, doubts=slots.doubts + 1)
        return _part_blocked(facts, doubts)
    if facts.pinned and m.value >= ONE and not together:
        return inconclusive(
            "workers",
            "Users and the canary are served unevenly, so they are spread over several workers: workers that "
            "compute, and workers that stand still while they work on a request, would both look like this.",
            m=m,
        )
    return Verdict("cpu-bound", m, doubts=doubts)


def _part_blocked(facts: Facts, doubts: int) -> Verdict:
    """Each request occupies the loop for a part of its time. Where that is next to nothing, it is the work
    that any server has with a request: reading it, and writing a long answer."""
    blocked_s = 1 / facts.ceiling.value
    if blocked_s < OWN_WORK_S and blocked_s < OWN_WORK * facts.service_s:
        return Verdict("scales", facts.m, at_least=True, shade="own-cost", doubts=doubts)
    return Verdict("loop-blocked", facts.m, shade="part-blocked", blocked_s=blocked_s, doubts=doubts)


def _same_line(facts: Facts, doubts: int) -> Verdict:
    m, bursts = facts.m, facts.bursts
    if m.value < ONE:
        return Verdict("loop-blocked", m, blocked_s=facts.service_s, doubts=doubts)
    if _is_paced(facts):
        return _part_blocked(facts, doubts)
    ideal = bursts.ideal is not None and bursts.ideal < IDEAL
    if facts.even and ideal and not facts.pinned:
        told = facts.count is not None or facts.spread < STEADY  # otherwise bursts have no rhythm to tell by
        return Verdict("fixed-slots", m, shade="one-pool", doubts=doubts + (not told))
    if facts.even is not False and (m.value > 16 or ideal):
        return inconclusive(
            "workers",
            "The canary waits in the same line as the load: a pool that all routes share, and as many "
            "workers with a blocked event loop each, would both look like this.",
            m=m,
        )
    return Verdict("loop-blocked", m, blocked_s=facts.service_s, doubts=doubts + (facts.even is None))


def _doubts(facts: Facts) -> int:
    """What lowers the confidence, counted."""
    coupling = facts.canary.coupling
    return sum(
        (
            facts.canary.affected is None,
            facts.drifted,
            facts.wait_share > 0.1,
            facts.count is None and facts.slump > SLUMP,
            facts.count is None and facts.m.width > TOO_WIDE / 2,
            facts.count is None and facts.m.width > TOO_WIDE,
            facts.count is None and facts.falls is None and not facts.past_knee,
            coupling is not None and (0.05 < coupling < 0.12 or 0.8 < coupling < 0.92),
            facts.demand_percent is not None and facts.demand_percent > 0.8 * GENERATOR_LIMIT,
        )
    )


def _time(seconds: float | None) -> str:
    return milliseconds(None if seconds is None else 1000 * seconds)
