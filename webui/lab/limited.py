"""Targets that serve so many requests at a time: the rest waits in line, or is turned away."""

from webui.lab.model import Expectation, Option, PracticeTarget, Question

THREADS = PracticeTarget(
    name="threads",
    title="plain def in the thread pool",
    teaches="a plain def that sleeps 50 ms in a pool of 40 threads: from 40 users on, requests wait in line",
    module="threads",
    path="/threads",
    service_time_ms=50,
    expects=Expectation(
        "fixed-slots",
        "Fixed slots: as many at a time as threads, 40 for each worker; beyond that, requests queue.",
        lambda setup: setup.options["threads"] * setup.workers,
    ),
    question=Question(
        "One user waits 50 ms. How long does each of 80 users wait?",
        ("about 50 ms", "about 100 ms", "about 4 s"),
        "about 100 ms",
        "40 requests are served at a time, so 80 users take turns: as long again in line as in service.",
    ),
    options=(Option("threads", "threads for plain def endpoints", 40, 1, 500, variable="THREADS"),),
)

SEMAPHORE = PracticeTarget(
    name="semaphore",
    title="asyncio.Semaphore",
    teaches="an async def that lets 10 requests at a time call another service: a limit, and nothing blocked",
    module="semaphore",
    path="/quote",
    service_time_ms=50,
    expects=Expectation(
        "fixed-slots",
        "Fixed slots: as many at a time as the semaphore allows, 10 for each worker; /ping stays quick.",
        lambda setup: setup.options["calls"] * setup.workers,
    ),
    question=Question(
        "A call takes 50 ms and 10 run at a time. What is the most that this route can answer in a second?",
        ("20", "200", "there is no limit, it is async"),
        "200",
        "10 at a time, 20 rounds a second. That code is async does not lift the limit that is in it.",
    ),
    options=(Option("calls", "calls at a time", 10, 1, 500, variable="CALLS"),),
)

LOCK = PracticeTarget(
    name="lock",
    title="asyncio.Lock",
    teaches="an async def that awaits 10 ms in a lock: one request at a time, but other routes stay quick",
    module="lock",
    path="/ticket",
    service_time_ms=10,
    expects=Expectation(
        "serialised",
        "Serialised: one request at a time, at most 100 a second for each worker; /ping stays quick.",
        lambda setup: setup.workers,
    ),
    question=Question(
        "20 users share the lock. What happens to /ping meanwhile?",
        ("it waits in the same line", "it stays quick", "it fails"),
        "it stays quick",
        "Only who wants the lock waits for it. The event loop is free, unlike in a blocked loop.",
    ),
)

ONE_AT_A_TIME = PracticeTarget(
    name="one-at-a-time",
    title="admission control",
    teaches="admits one request and turns the rest away at once with 503: no line, and no slow answers",
    module="one_at_a_time",
    path="/render",
    service_time_ms=50,
    expects=Expectation(
        "rejects",
        "Rejects: as many at a time as are admitted; the rest gets 503 at once, and no success is slow.",
        lambda setup: setup.options["admit"] * setup.workers,
    ),
    question=Question(
        "10 users ask without a pause. How long does a successful answer take?",
        ("about 50 ms", "about 500 ms", "there is none"),
        "about 50 ms",
        "Nobody waits in line: who is admitted is served at once. Most answers are 503, though.",
    ),
    options=(Option("admit", "requests admitted at a time", 1, 1, 500, variable="ADMIT"),),
)

LIMIT_CONCURRENCY = PracticeTarget(
    name="limit-concurrency",
    title="uvicorn --limit-concurrency",
    teaches="uvicorn's own limit: from so many open connections on, the server answers 503 by itself",
    module="limit_concurrency",
    path="/search",
    service_time_ms=50,
    expects=Expectation(
        "rejects",
        "Rejects: one connection fewer than the limit is served, idle ones count; the rest gets 503.",
        lambda setup: (setup.options["limit"] - 1) * setup.workers,
    ),
    question=Question(
        "The limit is 20, and 30 idle connections are open. A request comes on one. What is the answer?",
        ("200, nothing is being served", "503", "it waits for a place"),
        "503",
        "uvicorn counts open connections as well as requests, and idle connections are open.",
    ),
    options=(
        Option("limit", "open connections at which 503 begins", 20, 2, 500, flag="--limit-concurrency"),
    ),
    servers=("uvicorn",),
)

DATABASE_POOL = PracticeTarget(
    name="database-pool",
    title="a database's connection pool",
    teaches="SQLAlchemy's pool of 5 + 10 connections behind 40 threads: the smaller number is the limit",
    module="database_pool",
    path="/orders",
    service_time_ms=50,
    expects=Expectation(
        "fixed-slots",
        "Fixed slots: 15 at a time for each worker, the pool's 5 + 10, though there are 40 threads.",
        lambda setup: setup.workers * min(40, setup.options["pool_size"] + setup.options["max_overflow"]),
    ),
    question=Question(
        "40 threads, a pool of 5 connections and 10 in overflow. How many requests are served at a time?",
        ("5", "15", "40"),
        "15",
        "A thread without a connection waits for one. The narrowest place on the way decides.",
    ),
    options=(
        Option("pool_size", "connections kept open", 5, 1, 50, variable="POOL_SIZE"),
        Option("max_overflow", "more connections under load", 10, 0, 50, variable="MAX_OVERFLOW"),
    ),
)

FLASK_SYNC = PracticeTarget(
    name="flask-sync",
    title="Flask, sync workers",
    teaches="Flask under gunicorn's sync workers: each process serves one request, and /ping waits as well",
    module="flask_app",
    path="/items",
    service_time_ms=50,
    expects=Expectation(
        "fixed-slots",
        "Fixed slots: as many at a time as worker processes; each connection is closed after its answer.",
        lambda setup: setup.workers,
    ),
    question=Question(
        "4 sync workers, and a request takes 50 ms. How many answers a second are there at most?",
        ("20", "80", "as many as there are users, times 20"),
        "80",
        "4 processes, each 20 a second. All else waits in the kernel's line of connections.",
    ),
    servers=("gunicorn",),
    asgi=False,
    default_workers=4,
)

FLASK_THREADS = PracticeTarget(
    name="flask-threads",
    title="Flask, threads",
    teaches="the same Flask service under gunicorn's threads: 8 at a time in one process",
    module="flask_app",
    path="/items",
    service_time_ms=50,
    expects=Expectation(
        "fixed-slots",
        "Fixed slots: as many at a time as threads, 8 for each worker; all routes share them.",
        lambda setup: setup.options["threads"] * setup.workers,
    ),
    question=Question(
        "8 threads, all waiting for 50 ms. What does /ping do, which needs a thread for a moment only?",
        ("it waits until a thread is free", "it is answered at once"),
        "it waits until a thread is free",
        "Routes share the threads, so a cheap route waits like a dear one.",
    ),
    options=(Option("threads", "threads in each worker", 8, 2, 200, flag="--threads"),),
    servers=("gunicorn",),
    asgi=False,
)
