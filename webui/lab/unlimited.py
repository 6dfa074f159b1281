"""Targets whose throughput is bounded by the machine alone, or by one worker's loop or CPU."""

import os

from webui.lab.model import Expectation, Option, PracticeTarget, Question, Setup


def _no_limit(setup: Setup) -> None:
    return None


def _each_worker_one(setup: Setup) -> float:
    return setup.workers


def _cores(setup: Setup) -> float:
    """One for each worker, as far as there are cores for them."""
    return min(setup.workers, _usable_cores())


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux: what this process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


GATHER = PracticeTarget(
    name="gather",
    title="asyncio.gather",
    teaches="an async def that awaits five sleeps of 1 s at the same time: together they take 1 s, not 5",
    module="gather",
    path="/gather",
    service_time_ms=1000,
    expects=Expectation(
        "scales",
        "Scales: every request takes 1 s, however many are under way, so throughput is the number of users.",
        _no_limit,
    ),
    question=Question(
        "100 users ask at the same moment. When does the last one have its answer?",
        ("after 1 s", "after 5 s", "after 100 s", "after 500 s"),
        "after 1 s",
        "Who awaits holds nothing. Five sleeps within a request run side by side, and so do 100 requests.",
    ),
)

ASYNC_IO = PracticeTarget(
    name="async-io",
    title="async def that awaits",
    teaches="an async def that awaits 20 ms: more users bring more throughput, until the CPU is busy",
    module="async_io",
    path="/async",
    service_time_ms=20,
    expects=Expectation(
        "scales",
        "Scales: throughput grows with the users until the server's own CPU is busy.",
        _no_limit,
    ),
    question=Question(
        "One user gets 50 answers a second. How many do 10 users get together, with one worker?",
        ("50", "about 500", "about 400, the threads' limit"),
        "about 500",
        "While one request awaits, the event loop begins the next; no thread and no worker is held.",
    ),
)

BLOCKED_LOOP = PracticeTarget(
    name="blocked-loop",
    title="async def that blocks",
    teaches="an async def that calls time.sleep, 5 ms: one request at a time, and every other route waits",
    module="blocked_loop",
    path="/blocking",
    service_time_ms=5,
    expects=Expectation(
        "loop-blocked",
        "Loop blocked: one request at a time for each worker, and /ping waits in the same line.",
        _each_worker_one,
    ),
    question=Question(
        "With 40 users on this route, how long does /ping take, which does nothing?",
        ("under 1 ms, as ever", "about 5 ms", "up to 200 ms"),
        "up to 200 ms",
        "A blocked event loop serves nothing else: /ping waits until the requests before it are done.",
    ),
)

CPU = PracticeTarget(
    name="cpu",
    title="computing in threads",
    teaches="a plain def that computes for 4 ms: 40 threads, but Python's lock lets one run at a time",
    module="cpu",
    path="/report",
    service_time_ms=4,
    expects=Expectation(
        "cpu-bound",
        "CPU-bound: one at a time for each worker, as far as there are cores; other routes slow down too.",
        _cores,
    ),
    question=Question(
        "Requests run in 40 threads. How many times the throughput of one user do 40 users get?",
        ("about once", "as many times as there are cores", "40 times"),
        "about once",
        "Threads of one process share one lock for running Python code. More workers help, up to the cores.",
    ),
)

CONTENTION = PracticeTarget(
    name="contention",
    title="a contended lock",
    teaches="one lock that is held the longer, the more wait for it: throughput peaks, then falls",
    module="contention",
    path="/transfer",
    service_time_ms=20,
    expects=Expectation(
        "degrades",
        "Degrades: throughput peaks near 5 users, and with more users it falls.",
        # 20 ms each, of which the lock is held for 4, with some 0.2 of the server's work from one holder
        # to the next: 240 a second at the peak. Timers that are late make it less.
        lambda setup: 4.8 * setup.workers,
    ),
    question=Question(
        "5 users get about 240 answers a second. What do 100 users get?",
        ("about 4,800", "about 240", "less than 150"),
        "less than 150",
        "Each one that waits makes everyone's turn longer. Fewer at a time would serve more.",
    ),
)

BACKLOG = PracticeTarget(
    name="backlog",
    title="uvicorn --backlog",
    teaches="a blocked event loop behind a short backlog: connections are dropped, and try again after 1 s",
    module="backlog",
    path="/convert",
    service_time_ms=10,
    expects=Expectation(
        "loop-blocked",
        "Loop blocked: one request at a time; where many connect at once, some need 1 s or 3 s for it.",
        _each_worker_one,
    ),
    question=Question(
        "200 clients connect at once, more than the backlog holds. What do those see that find it full?",
        ("an error at once", "status 503", "a connection that takes 1 s or longer"),
        "a connection that takes 1 s or longer",
        "The kernel drops what does not fit, without an answer. TCP tries again after 1 s, then 3 s and 7 s.",
    ),
    options=(Option("backlog", "connections that may wait to be accepted", 8, 1, 2048, flag="--backlog"),),
    servers=("uvicorn",),
)
