"""What to try next, by pattern, with the experiment that shows its effect. Pure."""

from collections.abc import Sequence

from webui.analysis.diagnosed import NextStep
from webui.analysis.diagnosis.defaults import Match
from webui.analysis.diagnosis.facts import Facts
from webui.analysis.diagnosis.undecided import tries_for
from webui.analysis.diagnosis.verdict import Verdict
from webui.units import count, milliseconds, significant

SLOW_CALLBACK_S = 0.1  # asyncio's own loop.slow_callback_duration


def steps_for(verdict: Verdict, facts: Facts | None, found: Sequence[Match]) -> tuple[NextStep, ...]:
    """Up to three, the most telling first."""
    if facts is None or verdict.pattern == "inconclusive":
        return tries_for(verdict, facts)
    known = [match.next_step() for match in found[:1] if match.default.step]
    return tuple([*known, *_BY_PATTERN[verdict.pattern](verdict, facts)][:3])


def _fixed_slots(verdict: Verdict, facts: Facts) -> list[NextStep]:
    m = facts.m.value
    if verdict.shade == "processes":
        return _processes(m)
    return [
        _step(
            "Find what has this size",
            f"Look for a pool, semaphore or worker count of {_about(m)} in the "
            "service, its database driver and its HTTP clients; double it and sweep again.",
            True,
        ),
        _step(
            "Make the work async",
            f"It helps only if the {milliseconds(1000 * facts.service_s)} are spent "
            "waiting on an async client, not computing.",
            True,
        ),
        _step(
            "Run 4 workers", f"If each worker has its own pool, expect the knee near {_about(4 * m)}.", True
        ),
    ]


def _processes(m: float) -> list[NextStep]:
    return [
        _step(
            "Start more worker processes",
            f"Each serves one request at a time, so expect the knee at their "
            f"number: {count(round(2 * m))} workers, {count(round(2 * m))} at a time.",
            True,
        ),
        _step(
            "Use threads or async workers",
            "A worker that waits for something else can serve others "
            "meanwhile: gunicorn's gthread workers, or an async framework.",
            True,
        ),
    ]


def _serialised(verdict: Verdict, facts: Facts) -> list[NextStep]:
    if verdict.shade == "processes":
        return _processes(1.0)
    return [
        _step(
            "Look for a lock",
            "A lock, a single connection or one worker process: something that only one "
            f"request at a time may hold, for {milliseconds(1000 * facts.service_s)}.",
            False,
        ),
        _step(
            "Hold it for a shorter time",
            "Do only what must be alone inside the lock. Half the time held is twice the throughput.",
            True,
        ),
    ]


def _loop_blocked(verdict: Verdict, facts: Facts) -> list[NextStep]:
    return [
        _step(
            "Don't block the event loop",
            "Make the endpoint def instead of async def, so that it runs in a "
            "thread; or await an async client instead of the blocking call.",
            True,
        ),
        _step(
            "Find the blocking call",
            "Start the service with PYTHONASYNCIODEBUG=1: asyncio then logs each step that took over "
            f"loop.slow_callback_duration, which is 0.1 s{_for_shorter(verdict.blocked_s)}.",
            False,
        ),
        _step(
            "Run more workers",
            "Each has an event loop of its own, so throughput grows with their number as "
            "long as there are processors; each still stands still while it works.",
            True,
        ),
    ]


def _for_shorter(blocked_s: float | None) -> str:
    """What is to be done where the loop is blocked for less than asyncio's debug mode reports by itself."""
    if blocked_s is None or blocked_s > SLOW_CALLBACK_S:
        return ""
    return f": set it to {significant(blocked_s / 2, 1)}, for this takes {milliseconds(1000 * blocked_s)}"


def _cpu_bound(verdict: Verdict, facts: Facts) -> list[NextStep]:
    used = 1 if verdict.shade == "own-cost" else max(1, round(facts.m.value))
    more = "Two workers" if used == 1 else f"It uses about {used} already: twice the workers"
    return [
        _step(
            "Run one worker for each processor",
            f"Python computes on one processor for each process. {more} should give about "
            f"{significant(2 * facts.ceiling.value)} requests/s on {count(2 * used)} free processors.",
            True,
        ),
        _step(
            "Profile one request",
            f"Each costs about {milliseconds(1000 * facts.m.value / facts.ceiling.value)} "
            "of processor time: py-spy or cProfile show where.",
            False,
        ),
    ]


def _scales(verdict: Verdict, facts: Facts) -> list[NextStep]:
    most = max(p.users for p in facts.levels)
    if verdict.shade == "own-cost":
        return [
            _step(
                "Run one worker for each processor",
                "The server's own work for each request is the ceiling; more processes share it.",
                True,
            ),
            _step(
                "Make each request cheaper", "Fewer middlewares, smaller bodies, a faster JSON encoder.", True
            ),
        ]
    return [
        _step(
            "Sweep further",
            f"No limit showed up to {count(most)} users. Sweep to {count(4 * most)} to find it.",
            False,
        )
    ]


def _rejects(verdict: Verdict, facts: Facts) -> list[NextStep]:
    limit = verdict.m.value if verdict.m is not None else 0.0
    return [
        _step(
            "Retry after a pause",
            "Clients that are refused should wait, longer each time, and not come back at once.",
            False,
        ),
        _step(
            f"Raise the limit to {_about(2 * limit)}",
            "If throughput doubles and latency stays, there was room. "
            "If latency grows instead, the limit protects something behind it.",
            True,
        ),
    ]


def _degrades(verdict: Verdict, facts: Facts) -> list[NextStep]:
    best = max(facts.levels, key=lambda p: p.rate).users
    return [
        _step(
            f"Admit no more than {count(best)} at a time",
            f"A semaphore or a limit before the service keeps it "
            f"at its peak of {significant(facts.ceiling.value)} requests/s.",
            True,
        ),
        _step(
            "Look for what they fight over",
            "Locks that many wait for, a cache that no longer fits, swapping, "
            "too many threads on too few processors.",
            False,
        ),
    ]


_BY_PATTERN = {
    "fixed-slots": _fixed_slots,
    "serialised": _serialised,
    "loop-blocked": _loop_blocked,
    "cpu-bound": _cpu_bound,
    "scales": _scales,
    "rejects": _rejects,
    "degrades": _degrades,
}


def _step(title: str, text: str, same_sweep: bool) -> NextStep:
    return NextStep(title=title, text=text, same_sweep=same_sweep)


def _about(value: float) -> str:
    return count(round(value))
