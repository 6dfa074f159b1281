"""The verdict in plain words: headline, mechanism, what it can't tell. Pure."""

import math
from collections.abc import Callable, Sequence

from webui.analysis.diagnosed import Pattern
from webui.analysis.diagnosis.defaults import Match
from webui.analysis.diagnosis.facts import Facts
from webui.analysis.diagnosis.phrases import STAYS, at_peak, most_users, rate, time, unharmed
from webui.analysis.diagnosis.verdict import Verdict
from webui.units import count, plural


def at_a_time(verdict: Verdict, facts: Facts) -> str:
    """ "40", "about 38", of what is worked on at a time."""
    m = verdict.m or facts.m
    # A limit that refuses is counted in bursts: where one whole number fits, that is it.
    exact = verdict.pattern == "rejects" and math.ceil(m.low) == math.floor(m.high) == m.value
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
            return f"Each request blocks the whole service for {time(verdict.blocked_s)}."
        case "loop-blocked" if facts.m.value < 1.5:
            return "While one request is worked on, the whole service stands still."
        case "loop-blocked":
            return f"{number.capitalize()} workers, and each stands still while it works on a request."
        case "cpu-bound":
            return f"This service runs out of processor at {rate(facts.ceiling.value)}."
        case "rejects":
            return (
                f"This service admits {number} {'request' if number == '1' else 'requests'} at a time and "
                "refuses the rest."
            )
        case "degrades":
            users = plural(at_peak(facts).users, "user")
            return f"Beyond {users} at a time, this service gets slower altogether."
        case _:
            return _scales_headline(verdict, facts)


def _scales_headline(verdict: Verdict, facts: Facts) -> str:
    if verdict.shade == "own-cost":
        return f"This service takes all requests at once, up to {rate(facts.ceiling.value)}."
    return f"This service keeps up with all {plural(most_users(facts).users, 'user')}."


def summary(verdict: Verdict, facts: Facts | None, found: Sequence[Match]) -> str:
    """The mechanism, and the usual suspect where a default fits."""
    if facts is None or verdict.pattern == "inconclusive":
        return " ".join(verdict.reasons)
    if verdict.pattern != "fixed-slots":
        return _SUMMARIES[verdict.pattern](verdict, facts)
    suspect = f" This is the pattern of {found[0].default.what}." if found and found[0].certain else ""
    return _slots_summary(verdict, facts) + suspect


def _slots_summary(verdict: Verdict, facts: Facts) -> str:
    pool = {
        "processes": f" {_PROCESSES}, as with worker processes.",
        "one-pool": " Other routes wait in the same line: one pool serves them all.",
    }.get(verdict.shade, "")
    return (
        f"Beyond {at_a_time(verdict, facts)}, extra requests wait in line: latency grows in step with "
        f"concurrency and throughput stays at {rate(facts.ceiling.value)}.{pool}"
    )


def _serialised_summary(verdict: Verdict, facts: Facts) -> str:
    others = (
        f"{_PROCESSES}, as with a single worker process."
        if verdict.shade == "processes"
        else "Other routes stay quick: only this work stands in line."
    )
    return (
        f"Requests go through one after the other, {time(facts.service_s)} each, so throughput stays at "
        f"{rate(facts.ceiling.value)} however many come. {others}"
    )


def _blocked_summary(verdict: Verdict, facts: Facts) -> str:
    service, top = time(facts.service_s), rate(facts.ceiling.value)
    if verdict.shade == "part-blocked":
        return (
            f"Of the {service} that a request takes, {time(verdict.blocked_s)} occupy the event loop. "
            f"Nothing else runs meanwhile, other routes included, and throughput stays at {top}."
        )
    return (
        f"Each request keeps its event loop busy for {service} without a break, so everything else waits, "
        f"other routes too. Throughput stays at {top}."
    )


def _rejects_summary(verdict: Verdict, facts: Facts) -> str:
    """What slows successes down is a short line before the limit, or the refusals themselves."""
    by = "connections are open" if verdict.shade == "connections" else "requests are in work"
    light = time(facts.light_s)
    if unharmed(facts):
        return (
            f"When so many {by}, further ones are refused at once and none waits in line: those that are "
            f"admitted take {light}, as ever."
        )
    return (
        f"When so many {by}, further ones are refused at once. Those that are admitted take {light} with one "
        "user, and longer where many are refused."
    )


def _degrades_summary(verdict: Verdict, facts: Facts) -> str:
    most = most_users(facts)
    return (
        f"Throughput peaks at {rate(facts.ceiling.value)} with about {plural(at_peak(facts).users, 'user')} "
        f"and falls to {rate(most.rate)} with {count(most.users)}: requests get in each other's way, so "
        "fewer at a time do more."
    )


def _cpu_summary(verdict: Verdict, facts: Facts) -> str:
    cost = time(facts.m.value / facts.ceiling.value)
    others = "Other routes slow down too, since they need the same processor."
    return (
        f"Each request costs about {cost} of processor time, and all share what there is: more of them at a "
        f"time make each slower and none faster. {others}"
    )


def _scales_summary(verdict: Verdict, facts: Facts) -> str:
    most = most_users(facts)
    if verdict.shade == "own-cost":
        return (
            f"Requests wait side by side, {time(facts.service_s)} each, and no limit on their number showed. "
            f"The ceiling of {rate(facts.ceiling.value)} is the server's own work for each request, about "
            f"{time(1 / facts.ceiling.value)}."
        )
    light, loaded = time(facts.light_s), time(most.mean_s or facts.light_s)
    stays = (most.mean_s or 0.0) <= STAYS * facts.light_s
    latency = f"and latency stays near {light}" if stays else f"while latency grows from {light} to {loaded}"
    return (
        f"Throughput grows in step with concurrency up to {rate(most.rate)} with "
        f"{plural(most.users, 'user')}, {latency}. No limit showed in this range."
    )


_PROCESSES = "The server closes each connection and other routes wait too"
_SUMMARIES: dict[Pattern, Callable[[Verdict, Facts], str]] = {
    "serialised": _serialised_summary,
    "loop-blocked": _blocked_summary,
    "cpu-bound": _cpu_summary,
    "rejects": _rejects_summary,
    "degrades": _degrades_summary,
    "scales": _scales_summary,
}


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
    ("fixed-slots", "one-pool"): (
        "Threads and a proxy that every route goes through would look the same from outside, and so would an "
        "event loop that requests block for a part of their time, where that part varies."
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
