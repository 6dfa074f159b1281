"""Targets that refuse what is too much for them: by number at a time, by connections, or by rate. Pure."""

from collections.abc import Sequence
from statistics import median

from webui.analysis.diagnosis.bootstrap import Interval
from webui.analysis.diagnosis.facts import Facts
from webui.analysis.diagnosis.verdict import Verdict, inconclusive
from webui.sweep.figures import FULL_BURSTS, Point, doors_of, held, quick_refusal_s
from webui.units import NS_PER_S, count, milliseconds, percent, significant

AGREE = 1 / 3  # relative: what bursts let through and what is held, for a limit by number
PASSES_MORE = 1.6  # times what is held, and 2 more: tokens were saved up, a limit by rate
TOO_MANY = 429  # Too Many Requests


def refuses(facts: Facts) -> Verdict | None:
    """The verdict where levels refused; None where none did."""
    refusing = [p for p in facts.levels if p.refuses]
    if not refusing:
        return None
    slow = [p for p in refusing if _failed_s(p) > quick_refusal_s(p, facts.light_s)]
    if slow:
        return inconclusive("breaks-down", _fails(slow[0]))
    most = max(held(p) for p in refusing)
    bursts = [burst for burst in facts.bursts_seen if burst.kind == "refused"]
    passed = [len(burst.successes_ns) for burst in bursts]
    if not passed:
        return _bracket(facts, refusing, most)
    if not any(passed[:FULL_BURSTS]):
        return _by_connections(facts)
    return _by_number(facts, refusing, most, passed)


def _failed_s(p: Point) -> float:
    return (p.step.stats.failed.percentile_ns(50) or 0) / NS_PER_S


def _fails(p: Point) -> str:
    share = percent(100 * (1 - p.share))
    return (
        f"With {count(p.users)} users {share} of the requests failed, and only after "
        f"{milliseconds(1000 * _failed_s(p))}: the service breaks down there, and was not pushed further."
    )


def _bounds(facts: Facts, refusing: Sequence[Point]) -> tuple[int, int]:
    """The most users without a refusal, and the fewest with one."""
    first = min(p.users for p in refusing)
    return max((p.users for p in facts.levels if not p.refuses and p.users < first), default=0), first


def _bracket(facts: Facts, refusing: Sequence[Point], most: float) -> Verdict:
    low, high = _bounds(facts, refusing)
    if low <= most <= high:
        return Verdict("rejects", Interval(most, low, high), doubts=1)
    return inconclusive(
        "stopped",
        f"Requests were refused from {count(high)} users on, while {significant(most)} were held at a time: "
        "a limit by number and a limit by rate would both look like this.",
    )


def _by_connections(facts: Facts) -> Verdict:
    """No request of a burst passes when all connections are open: their number is what is limited."""
    doors = doors_of(facts.bursts_seen, facts.points)
    found = Interval(doors.low, doors.low, max(doors.low, doors.high - 1))
    doubts = (not doors.sure) + (doors.high - doors.low > 1) + (found.high > 1.1 * found.low)
    return Verdict("rejects", found, shade="connections", doubts=doubts)


def _by_number(facts: Facts, refusing: Sequence[Point], most: float, passed: Sequence[int]) -> Verdict:
    through = median(passed)
    if through > PASSES_MORE * most + 2:
        return inconclusive("rate-limited", _by_rate(facts, refusing, most, through))
    low, high = _bounds(facts, refusing)
    same = max(passed) - min(passed) <= max(1, 0.1 * through)
    if abs(through - most) <= max(AGREE * through, 1) and 0.8 * low <= through <= high:
        found = Interval(through, min(*passed, most, through), max(*passed, most, through))
        return Verdict("rejects", found, doubts=0 if same else 1)
    if through < most:
        return inconclusive(
            "workers",
            f"Bursts let {significant(through)} requests through, while {significant(most)} were held at a "
            "time under steady load: a limit by rate and a limit in each of several workers would both look "
            "like this.",
        )
    return Verdict("rejects", Interval(most, min(most, low), max(through, most)), doubts=1)


def _by_rate(facts: Facts, refusing: Sequence[Point], most: float, through: float) -> str:
    status = ", with status 429" if any(TOO_MANY in p.step.stats.status_codes for p in refusing) else ""
    top = max(p.rate for p in refusing)
    return (
        f"Rate limiting is in the way: it lets {significant(top)} requests/s through and refuses the rest"
        f"{status}. "
        f"Bursts of quiet moments let {significant(through)} pass at once, though no more than "
        f"{significant(most)} were ever held under steady load, so the limit is on the rate and hides what "
        "lies behind it."
    )
