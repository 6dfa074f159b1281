"""The verdict in plain words: headline, mechanism, evidence with its numbers, what it can't tell. Pure."""

from collections.abc import Iterator, Sequence

from webui.analysis.diagnosis.canary import WAITS
from webui.analysis.diagnosis.defaults import Match
from webui.analysis.diagnosis.facts import Facts
from webui.analysis.diagnosis.verdict import Verdict
from webui.sweep.figures import FULL_BURSTS, Point, doors_of
from webui.units import count, milliseconds, percent, plural, significant

COUNTED_ALIKE = 0.01  # rates that differ by less from what was counted are the same to a reader
STAYS = 1.1  # times the light latency, up to which latency is said to stay


def at_a_time(verdict: Verdict, facts: Facts) -> str:
    """ "40", "about 38", of what is worked on at a time."""
    m = verdict.m or facts.m
    exact = m.low == m.high and verdict.shade == "connections"
    sure = facts.count is not None or m.value < 1.5 or exact
    return ("" if sure else "about ") + count(max(1, round(m.value)))


def headline(verdict: Verdict, facts: Facts | None) -> str:
    """One sentence that a manager understands."""
    if facts is None or verdict.pattern == "inconclusive":
        return "No verdict: the measurement does not decide." if verdict.m else "No verdict could be reached."
    number = at_a_time(verdict, facts)
    match verdict.pattern:
        case "fixed-slots":
            return f"This service handles {number} requests at a time."
        case "serialised":
            return "This service handles one request at a time."
        case "loop-blocked" if verdict.shade == "part-blocked":
            return f"Each request blocks the whole service for {_ms(verdict.blocked_s)}."
        case "loop-blocked" if facts.m.value < 1.5:
            return "While one request is worked on, the whole service stands still."
        case "loop-blocked":
            return f"{number.capitalize()} workers, and each stands still while it works on a request."
        case "cpu-bound":
            return f"This service runs out of processor at {_rate(facts.ceiling.value)}."
        case "rejects":
            return (
                f"This service admits {number} {'request' if number == '1' else 'requests'} at a time and "
                "refuses the rest."
            )
        case "degrades":
            return (
                f"Beyond {plural(_peak(facts).users, 'user')} at a time, this service gets slower altogether."
            )
        case _:
            return _scales_headline(verdict, facts)


def _scales_headline(verdict: Verdict, facts: Facts) -> str:
    if verdict.shade == "own-cost":
        return f"This service takes all requests at once, up to {_rate(facts.ceiling.value)}."
    return f"This service keeps up with all {plural(_most(facts).users, 'user')}."


def summary(verdict: Verdict, facts: Facts | None, found: Sequence[Match]) -> str:
    """The mechanism, and the usual suspect where a default fits."""
    if facts is None or verdict.pattern == "inconclusive":
        return " ".join(verdict.reasons)
    top, service = _rate(facts.ceiling.value), milliseconds(1000 * facts.service_s)
    suspect = f" This is the pattern of {found[0].default.what}." if found and found[0].certain else ""
    match verdict.pattern:
        case "fixed-slots":
            pool = {
                "processes": (
                    " The server closes each connection and other routes wait too: these are worker "
                    "processes."
                ),
                "one-pool": " Other routes wait in the same line: one pool serves them all.",
            }.get(verdict.shade, "")
            return (
                f"Beyond {at_a_time(verdict, facts)}, extra requests wait in line: latency grows in step "
                "with "
                f"concurrency and throughput stays at {top}.{pool}{suspect}"
            )
        case "serialised":
            return (
                f"Requests go through one after the other, {service} each, so throughput stays at {top} "
                "however "
                "many come. Other routes stay quick: only this work stands in line."
            )
        case "loop-blocked" if verdict.shade == "part-blocked":
            return (
                f"Of the {service} that a request takes, {_ms(verdict.blocked_s)} occupy the event loop. "
                "Nothing "
                f"else runs meanwhile, other routes included, and throughput stays at {top}."
            )
        case "loop-blocked":
            return (
                f"Each request keeps its event loop busy for {service} without a break, so everything "
                "else waits, "
                f"other routes too. Throughput stays at {top}."
            )
        case "cpu-bound":
            return _cpu_summary(verdict, facts)
        case "rejects":
            how = "as ever" if _unharmed(facts) else "and longer where many are refused"
            by = "connections are open" if verdict.shade == "connections" else "requests are in work"
            return (
                f"When so many {by}, further ones are refused at once and none waits in line: those that are "
                f"admitted take {milliseconds(1000 * facts.light_s)}, {how}."
            )
        case "degrades":
            peak = _peak(facts)
            return (
                f"Throughput peaks at {top} with {plural(peak.users, 'user')} and falls to "
                f"{_rate(_most(facts).rate)} with "
                f"{count(_most(facts).users)}: requests get in each other's way, so fewer at a time do more."
            )
        case _:
            return _scales_summary(verdict, facts)


def _cpu_summary(verdict: Verdict, facts: Facts) -> str:
    cost = milliseconds(1000 * facts.m.value / facts.ceiling.value)
    others = "Other routes slow down too, since they need the same processor."
    return (
        f"Each request costs about {cost} of processor time, and all share what there is: more of them at "
        "a time "
        f"make each slower and none faster. {others}"
    )


def _scales_summary(verdict: Verdict, facts: Facts) -> str:
    most = _most(facts)
    if verdict.shade == "own-cost":
        return (
            f"Requests wait side by side, {milliseconds(1000 * facts.service_s)} each, with no limit on "
            "their number. The "
            f"ceiling of {_rate(facts.ceiling.value)} is the server's own work for each request, about "
            f"{milliseconds(1000 / facts.ceiling.value)}."
        )
    light, loaded = milliseconds(1000 * facts.light_s), milliseconds(1000 * (most.mean_s or facts.light_s))
    stays = (most.mean_s or 0.0) <= STAYS * facts.light_s
    latency = f"and latency stays near {light}" if stays else f"while latency grows from {light} to {loaded}"
    return (
        f"Throughput grows in step with concurrency up to {_rate(most.rate)} with "
        f"{plural(most.users, 'user')}, {latency}. No limit showed in this range."
    )


def evidence(verdict: Verdict, facts: Facts) -> tuple[str, ...]:
    """Sentences "Lead. Detail." with the numbers behind the verdict."""
    if verdict.pattern == "rejects":
        return tuple(_refusal_evidence(facts))
    if verdict.pattern == "scales" and verdict.shade != "own-cost":
        return (*_scaling_evidence(facts), *_method_evidence([_most(facts)]))
    return (*_ceiling_evidence(facts), *_method_evidence([*facts.top, _most(facts)]))


def _method_evidence(quoted: Sequence[Point]) -> Iterator[str]:
    """Where the rates that are quoted are not those that the table of levels shows, which is which."""
    apart = max(abs(p.rate * p.seconds / p.successes - 1) for p in quoted)
    if apart >= COUNTED_ALIKE:
        yield (
            "Rates here are users by latency. The table counts what ended within each level, up to "
            f"{percent(100 * apart)} off these: at a level's ends requests are still under way."
        )


def _unharmed(facts: Facts) -> bool:
    """Whether refusals leave the latency of successes as it is."""
    served = [p.mean_s for p in facts.levels if p.refuses and p.mean_s]
    return max(served, default=0.0) <= 1.5 * facts.light_s


def _refusal_evidence(facts: Facts) -> Iterator[str]:
    refusing = [p for p in facts.levels if p.refuses]
    first = min(refusing, key=lambda p: p.users)
    yield (
        f"Refusals begin at {plural(first.users, 'user')}. {percent(100 * (1 - first.share))} of the "
        "requests fail there, "
        f"in {milliseconds((first.step.stats.failed.percentile_ns(50) or 0) / 1e6)} each."
    )
    served = [p.mean_s for p in refusing if p.mean_s]
    if served:
        lead = "Successes stay quick" if _unharmed(facts) else "Many refusals slow successes down"
        yield (
            f"{lead}. {milliseconds(1000 * facts.light_s)} with one user, "
            f"{_range_ms(served)} on average "
            "at the levels that refuse."
        )
    bursts = [b for b in facts.bursts_seen if b.kind == "refused"]
    if not bursts:
        return
    passed = [len(b.successes_ns) for b in bursts[:FULL_BURSTS]]
    yield f"Bursts agree. Of {count(bursts[0].size)} requests at one instant, {_list(passed)} are served."
    if len(bursts) > FULL_BURSTS:
        doors = doors_of(facts.bursts_seen, facts.points)
        yield (
            f"Bursts count it. {count(doors.low)} connections with a request each, at one instant, are all "
            f"served; of {count(doors.high)} some are refused."
        )


def _scaling_evidence(facts: Facts) -> Iterator[str]:
    most = _most(facts)
    yield (
        f"Throughput grows in step. {_rate(most.rate)} with {plural(most.users, 'user')}, "
        f"{percent(min(100.0, 100 * facts.scaling))} of what perfect scaling gives."
    )
    if most.mean_s:
        lead = "Latency stays" if most.mean_s <= STAYS * facts.light_s else "Latency grows a little"
        yield (
            f"{lead}. {milliseconds(1000 * facts.light_s)} with one user, "
            f"{milliseconds(1000 * most.mean_s)} "
            f"on average with {count(most.users)}."
        )
    yield from _canary_evidence(facts)


def _ceiling_evidence(facts: Facts) -> Iterator[str]:
    top = sorted(facts.top, key=lambda p: p.users)
    if facts.falls is not None:
        peak, most = _peak(facts), _most(facts)
        yield (
            f"Throughput falls. {_rate(peak.rate)} with {plural(peak.users, 'user')}, {_rate(most.rate)} "
            "with "
            f"{count(most.users)}."
        )
    elif len(top) > 1:
        rates = sorted(p.rate for p in top)
        steps = "both steps" if len(top) == 2 else f"all {len(top)} steps"
        yield (
            f"Throughput stops at {significant(facts.ceiling.value)} successes/s. {significant(rates[0])} to "
            f"{_rate(rates[-1])} in {steps} from {count(top[0].users)} to {count(top[-1].users)} users."
        )
        low, high = top[0], top[-1]
        if low.mean_s and high.mean_s and high.users > 1.5 * low.users:
            yield (
                f"Latency then grows in step. From {count(low.users)} to {count(high.users)} users it "
                "goes from "
                f"{milliseconds(1000 * low.mean_s)} to {milliseconds(1000 * high.mean_s)}: "
                f"{significant(high.mean_s / low.mean_s)} times for {significant(high.users / low.users)} "
                "times the users."
            )
    if facts.falls is None and top and facts.m.value >= 1:
        yield from _work_evidence(facts.m.value, sorted(p.rate * facts.service_s for p in top))
    yield from _count_evidence(facts)
    yield from _canary_evidence(facts)


def _work_evidence(m: float, held: Sequence[float]) -> Iterator[str]:
    """`held`: requests in work at each level at the ceiling, rising. Where `m` was counted in bursts and they
    do not say the same, time beside the service itself blurs them: they are no evidence then."""
    if 0.95 * held[0] <= m <= 1.05 * held[-1]:
        ends = dict.fromkeys((significant(held[0]), significant(held[-1])))  # once where they are the same
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
    idle, loaded = milliseconds(1000 * canary.idle_s), milliseconds(1000 * canary.loaded_s)
    if canary.affected:
        lead = "Other routes wait too" if (canary.coupling or 0.0) > WAITS else "Other routes wait a little"
        yield f"{lead}. {canary.path} takes {idle} when idle and {loaded} at the ceiling."
    elif canary.affected is not None:
        yield f"Other routes stay quick. {canary.path} takes {idle} when idle and {loaded} at the ceiling."


def cannot_tell(verdict: Verdict, facts: Facts | None) -> tuple[str, ...]:
    """What would look the same from outside."""
    if facts is None:
        return ()
    said = _CANNOT.get((verdict.pattern, verdict.shade)) or _CANNOT.get((verdict.pattern, ""))
    lines = [] if said is None else [said.format(number=at_a_time(verdict, facts))]
    if facts.canary.path is None and verdict.pattern != "inconclusive":
        lines.append("Without a canary. Whether other routes wait as well was not measured.")
    return tuple(
        f"What this can't tell. {line}" if not line.startswith("Without") else line for line in lines
    )


_CANNOT = {
    ("fixed-slots", ""): (
        "A thread pool, a connection pool or a proxy that lets {number} through would look the same from "
        "outside."
    ),
    ("fixed-slots", "processes"): (
        "Worker processes, and threads that close each connection, would look the same from outside."
    ),
    ("serialised", ""): (
        "A lock, a pool of one connection and a single worker behind this route would look the same from "
        "outside."
    ),
    ("serialised", "processes"): (
        "A single worker process and a lock that every route takes would look the same from outside."
    ),
    ("loop-blocked", ""): (
        "Computing and a blocking call (a sync driver, time.sleep) look the same from outside, and so does a "
        "server with a single thread."
    ),
    ("cpu-bound", ""): (
        "Its own computing, and other processes on its processor, would look the same from outside."
    ),
    ("scales", ""): "The limit lies beyond the range of this sweep.",
    ("scales", "own-cost"): "A limit on their number may lie beyond what the server can take in.",
    ("rejects", ""): "The service itself, and a proxy before it, would refuse in the same way.",
    ("rejects", "connections"): (
        "The service itself, and a proxy before it, would refuse in the same way. Connections that are still "
        "closing may count, so under steady load refusals can begin a little earlier."
    ),
    ("degrades", ""): (
        "Locks, memory, and a processor that too many threads share would look the same from outside."
    ),
}  # fmt: skip


def _most(facts: Facts) -> Point:
    return max((p for p in facts.levels if p.successes), key=lambda p: p.users)


def _peak(facts: Facts) -> Point:
    return max((p for p in facts.levels if p.successes), key=lambda p: p.rate)


def _ms(seconds: float | None) -> str:
    return milliseconds(None if seconds is None else 1000 * seconds)


def _rate(value: float) -> str:
    return f"{significant(value)} successes/s"


def _range_ms(seconds: Sequence[float]) -> str:
    low, high = milliseconds(1000 * min(seconds)), milliseconds(1000 * max(seconds))
    return low if low == high else f"{low} to {high}"


def _list(numbers: Sequence[int]) -> str:
    texts = [count(number) for number in numbers]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
