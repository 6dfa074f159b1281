"""The numbers behind a verdict, as sentences "Lead. Detail.". Pure."""

from collections.abc import Iterator, Sequence

from webui.analysis.diagnosis.canary import WAITS
from webui.analysis.diagnosis.facts import Facts
from webui.analysis.diagnosis.phrases import STAYS, at_peak, most_users, rate, time, unharmed
from webui.analysis.diagnosis.verdict import Verdict
from webui.sweep.figures import FULL_BURSTS, Point, doors_of, held, quick_refusal_s
from webui.units import NS_PER_S, count, percent, plural, significant

COUNTED_ALIKE = 0.01  # rates that differ by less from what was counted are the same to a reader


def evidence(verdict: Verdict, facts: Facts) -> tuple[str, ...]:
    """Sentences "Lead. Detail." with the numbers behind the verdict."""
    if any(p.refuses for p in facts.levels):
        return tuple(_refusal_evidence(verdict, facts))
    if verdict.pattern == "scales" and verdict.shade != "own-cost":
        return (*_scaling_evidence(facts), *_method_evidence([most_users(facts)]))
    return (*_ceiling_evidence(verdict, facts), *_method_evidence([*facts.top, most_users(facts)]))


def _method_evidence(quoted: Sequence[Point]) -> Iterator[str]:
    """Where the rates that are quoted are not those that the table of levels shows, which is which."""
    apart = max(abs(p.rate * p.seconds / p.successes - 1) for p in quoted)
    if apart >= COUNTED_ALIKE:
        yield (
            "Rates here are users by latency. The table counts what ended within each level, up to "
            f"{percent(100 * apart)} off these: at a level's ends requests are still under way."
        )


def _refusal_evidence(verdict: Verdict, facts: Facts) -> Iterator[str]:
    refusing = [p for p in facts.levels if p.refuses]
    first = min(refusing, key=lambda p: p.users)
    failed_s = (first.step.stats.failed.percentile_ns(50) or 0) / NS_PER_S
    refused = failed_s <= quick_refusal_s(first, facts.light_s)
    yield (
        f"{'Refusals' if refused else 'Failures'} begin at {plural(first.users, 'user')}. "
        f"{percent(100 * (1 - first.share))} of the requests fail there, in {time(failed_s)} each."
    )
    served = [p.mean_s for p in refusing if p.mean_s]
    if served:
        slowed = "Many refusals slow successes down" if refused else "Successes are slow as well"
        yield (
            f"{'Successes stay quick' if unharmed(facts) else slowed}. {time(facts.light_s)} with one user, "
            f"{_range_of_times(served)} on average at the levels that {'refuse' if refused else 'fail'}."
        )
    yield from _refused_bursts(verdict, facts, max(held(p) for p in refusing))


def _refused_bursts(verdict: Verdict, facts: Facts, most_held: float) -> Iterator[str]:
    bursts = [b for b in facts.bursts_seen if b.kind == "refused"]
    if not bursts:
        return
    passed = [len(b.successes_ns) for b in bursts[:FULL_BURSTS]]
    of_all = f"Of {count(bursts[0].size)} requests at one instant"
    m = verdict.m.value if verdict.m is not None else most_held
    if not any(passed):
        yield f"Open connections count. {of_all}, each on a connection of its own, none is served."
    elif all(abs(each - m) <= max(1.0, 0.1 * m) for each in passed):
        yield f"Bursts agree. {of_all}, {_list(passed)} are served."
    else:
        yield (
            f"Bursts differ. {of_all}, {_list(passed)} are served; under steady load "
            f"{significant(most_held)} are held at a time."
        )
    if len(bursts) > FULL_BURSTS:
        doors = doors_of(facts.bursts_seen, facts.points)
        yield (
            f"Bursts count it. {count(doors.low)} connections with a request each, at one instant, are all "
            f"served; of {count(doors.high)} some are refused."
        )


def _scaling_evidence(facts: Facts) -> Iterator[str]:
    most = most_users(facts)
    yield (
        f"Throughput grows in step. {rate(most.rate)} with {plural(most.users, 'user')}, "
        f"{percent(min(100.0, 100 * facts.scaling))} of what perfect scaling gives."
    )
    if most.mean_s:
        lead = "Latency stays" if most.mean_s <= STAYS * facts.light_s else "Latency grows a little"
        yield (
            f"{lead}. {time(facts.light_s)} with one user, {time(most.mean_s)} on average with "
            f"{count(most.users)}."
        )
    yield from _canary_evidence(facts)


def _ceiling_evidence(verdict: Verdict, facts: Facts) -> Iterator[str]:
    top = sorted(facts.top, key=lambda p: p.users)
    if facts.falls is not None:
        most = most_users(facts)
        yield (
            f"Throughput falls. {rate(facts.ceiling.value)} with about "
            f"{plural(at_peak(facts).users, 'user')}, {rate(most.rate)} with {count(most.users)}."
        )
    elif len(top) == 1:
        yield f"The ceiling is that of one level. {rate(top[0].rate)} with {plural(top[0].users, 'user')}."
    else:
        yield from _plateau_evidence(facts, top)
    if verdict.m is not None:  # otherwise the figures do not hold, and neither does what they come to
        if facts.falls is None and facts.m.value >= 1:
            yield from _work_evidence(facts.m.value, sorted(p.rate * facts.service_s for p in top))
        yield from _count_evidence(facts)
    yield from _canary_evidence(facts)


def _plateau_evidence(facts: Facts, top: Sequence[Point]) -> Iterator[str]:
    """`top`: the levels at the ceiling by rising users, several of them."""
    low, high, rates = top[0], top[-1], sorted(p.rate for p in top)
    steps = "both steps" if len(top) == 2 else f"all {len(top)} steps"
    yield (
        f"Throughput stops at {rate(facts.ceiling.value)}. {significant(rates[0])} to {rate(rates[-1])} in "
        f"{steps} from {count(low.users)} to {count(high.users)} users."
    )
    if low.mean_s and high.mean_s and high.users > 1.5 * low.users:
        yield (
            f"Latency then grows in step. From {count(low.users)} to {count(high.users)} users it goes from "
            f"{time(low.mean_s)} to {time(high.mean_s)}: {significant(high.mean_s / low.mean_s)} times for "
            f"{significant(high.users / low.users)} times the users."
        )


def _work_evidence(m: float, in_work: Sequence[float]) -> Iterator[str]:
    """`in_work`: how many at each level at the ceiling, rising. Where `m` was counted in bursts and they
    do not say the same, time beside the service itself blurs them: they are no evidence then."""
    if 0.95 * in_work[0] <= m <= 1.05 * in_work[-1]:
        # Once where they are the same.
        ends = dict.fromkeys((significant(in_work[0]), significant(in_work[-1])))
        yield (
            f"Requests in work stay at {count(max(1, round(m)))}. {' to '.join(ends)} by Little's law, "
            "throughput times light-load latency."
        )


def _count_evidence(facts: Facts) -> Iterator[str]:
    number = facts.count
    if number is None or number < 2:
        return
    if number == facts.bursts.count:
        large = next(b.size for b in facts.bursts_seen if b.kind == "large")
        yield (
            f"Bursts count it. Of {count(large)} requests at one instant, the first {count(number)} are "
            "answered together, then the next."
        )
    else:
        yield (
            f"Bursts count it. {count(number)} requests at one instant are answered together, of "
            f"{count(number + 1)} some wait."
        )


def _canary_evidence(facts: Facts) -> Iterator[str]:
    canary = facts.canary
    if canary.path is None or canary.idle_s is None or canary.loaded_s is None:
        return
    idle, loaded = time(canary.idle_s), time(canary.loaded_s)
    if canary.affected:
        lead = "Other routes wait too" if (canary.coupling or 0.0) > WAITS else "Other routes wait a little"
        yield f"{lead}. {canary.path} takes {idle} when idle and {loaded} at the ceiling."
    elif canary.affected is not None:
        yield f"Other routes stay quick. {canary.path} takes {idle} when idle and {loaded} at the ceiling."


def _range_of_times(seconds: Sequence[float]) -> str:
    low, high = time(min(seconds)), time(max(seconds))
    return low if low == high else f"{low} to {high}"


def _list(numbers: Sequence[int]) -> str:
    texts = [count(number) for number in numbers]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
