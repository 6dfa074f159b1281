"""Defaults that make a service take so many requests at a time, with where each is written.

Data. A number that fits is a hypothesis, offered with the experiment that would confirm it; numbers for each
worker process are looked for in multiples too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webui.analysis.diagnosed import Hypothesis, NextStep
from webui.analysis.diagnosis.bootstrap import Interval
from webui.units import count, plural

KNEE = "{knee}"  # in an experiment: where the knee is to move, all workers together


@dataclass(frozen=True, slots=True)
class Default:
    """`number` at a time. `rejecting`: beyond it requests are refused, not kept waiting. `after`: how many at
    a time its experiment sets for each worker, which is where the knee is to move; 0: it moves none."""

    number: int
    name: str
    what: str  # completes "This is the pattern of …"
    source: str
    experiment: str
    step: str = ""  # the experiment in few words
    after: int = 0
    per_worker: bool = True
    rejecting: bool = False
    usual: bool = True  # likely enough to be named in the verdict


KNOWN: tuple[Default, ...] = (
    Default(
        40,
        "AnyIO's worker threads",
        "a 40-thread pool, the default of sync def endpoints in FastAPI",
        "https://anyio.readthedocs.io/en/stable/threads.html#adjusting-the-default-maximum-worker-thread-count",
        "Set total_tokens on AnyIO's default thread limiter to 80 and sweep again. If the knee moves to "
        "{knee}, the thread pool was the limit.",
        "Raise the thread limit to 80",
        80,
    ),
    Default(
        15,
        "SQLAlchemy's connection pool",
        "a database pool of 5 + 10 connections, SQLAlchemy's default",
        "https://docs.sqlalchemy.org/en/20/core/engines.html#sqlalchemy.create_engine.params.pool_size",
        "Give create_engine pool_size=20 and sweep again, which makes 20 + 10 connections. If the knee moves "
        "to {knee}, the pool was the limit.",
        "Raise pool_size to 20",
        30,
    ),
    Default(
        5,
        "SQLAlchemy's connection pool without overflow",
        "a database pool of 5 connections, SQLAlchemy's pool_size without overflow",
        "https://docs.sqlalchemy.org/en/20/core/pooling.html#sqlalchemy.pool.QueuePool",
        "Give create_engine pool_size=10 and sweep again. If the knee moves to {knee}, the pool was the "
        "limit.",
        "Raise pool_size to 10",
        10,
        usual=False,
    ),
    Default(
        10,
        "asyncpg's connection pool",
        "a database pool of 10 connections, asyncpg's default",
        "https://magicstack.github.io/asyncpg/current/api/index.html#connection-pools",
        "Give create_pool max_size=20 and sweep again. If the knee moves to {knee}, the pool was the limit.",
        "Raise max_size to 20",
        20,
    ),
    Default(
        100,
        "httpx's connection limit",
        "a shared httpx client, which opens 100 connections at most by default",
        "https://www.python-httpx.org/advanced/resource-limits/",
        "Give the client httpx.Limits(max_connections=200) and sweep again. If the knee moves to {knee}, "
        "the service was waiting for its own client.",
        "Raise max_connections to 200",
        200,
    ),
    Default(
        100,
        "aiohttp's connection limit",
        "a shared aiohttp session, which opens 100 connections at most by default",
        "https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.TCPConnector",
        "Give the session TCPConnector(limit=200) and sweep again. If the knee moves to {knee}, the service "
        "was waiting for its own client.",
        "Raise the connector's limit to 200",
        200,
    ),
    Default(
        100,
        "PostgreSQL's max_connections",
        "PostgreSQL's 100 connections, its default",
        "https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS",
        "Look at pg_stat_activity while the sweep runs. If about 100 connections are active, raise "
        "max_connections, or put a pooler before it.",
        "Count PostgreSQL's connections",
        per_worker=False,
        usual=False,
    ),
    Default(
        32,
        "Python's default executor",
        "asyncio's default thread pool at its largest, min(32, processors + 4) threads",
        "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor",
        "Call loop.set_default_executor(ThreadPoolExecutor(64)) and sweep again. If the knee moves to "
        "{knee}, the executor was the limit.",
        "Give the loop a larger executor",
        64,
    ),
    *(
        Default(
            processors + 4,
            "Python's default executor",
            f"asyncio's default thread pool on {processors} processors, min(32, processors + 4) threads",
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor",
            "Call loop.set_default_executor(ThreadPoolExecutor(64)) and sweep again. If the knee moves to "
            "{knee}, the executor was the limit.",
            "Give the loop a larger executor",
            64,
            usual=False,
        )
        for processors in (2, 4, 8, 16)
    ),
    Default(
        4,
        "waitress's threads",
        "waitress with its 4 threads, the default",
        "https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html",
        "Start waitress with --threads=8 and sweep again. If the knee moves to {knee}, the threads were "
        "the limit.",
        "Raise the threads to 8",
        8,
        usual=False,
    ),
    Default(
        200,
        "Tomcat's maxThreads",
        "Tomcat's 200 threads, the default of Spring Boot too",
        "https://tomcat.apache.org/tomcat-10.1-doc/config/http.html",
        "Set server.tomcat.threads.max to 400 and sweep again. If the knee moves to {knee}, the threads "
        "were the limit.",
        "Raise the threads to 400",
        400,
        per_worker=False,
    ),
    Default(
        10,
        "HikariCP's maximumPoolSize",
        "a database pool of 10 connections, HikariCP's default",
        "https://github.com/brettwooldridge/HikariCP#gear-configuration-knobs-baby",
        "Set maximumPoolSize to 20 and sweep again. If the knee moves to {knee}, the pool was the limit.",
        "Raise maximumPoolSize to 20",
        20,
        usual=False,
    ),
    Default(
        512,
        "nginx's worker_connections",
        "nginx's 512 connections for each worker process, the default",
        "https://nginx.org/en/docs/ngx_core_module.html#worker_connections",
        "Raise worker_connections and sweep again; a proxied request takes two of them.",
        "Raise worker_connections",
        rejecting=True,
    ),
    Default(
        1024,
        "nginx's worker_connections as packaged",
        "nginx's 1024 connections for each worker process, as many packages set it",
        "https://nginx.org/en/docs/ngx_core_module.html#worker_connections",
        "Raise worker_connections and sweep again; a proxied request takes two of them.",
        "Raise worker_connections",
        rejecting=True,
    ),
    Default(
        2048,
        "uvicorn's --backlog",
        "uvicorn's --backlog of 2048 waiting connections, the default",
        "https://uvicorn.dev/settings/#resource-limits",
        "Start uvicorn with --backlog 4096 (and raise net.core.somaxconn as far) and sweep again.",
        "Raise the backlog",
        rejecting=True,
    ),
)

# What has no number of its own, and is known by how it behaves.
SETTINGS: dict[str, Callable[[int], Default]] = {
    "connections": lambda number: Default(
        number,
        "uvicorn's --limit-concurrency",
        f"uvicorn with --limit-concurrency {number + 1}, which refuses while so many connections are open",
        "https://uvicorn.dev/settings/#resource-limits",
        f"Start uvicorn with --limit-concurrency {2 * number + 1} and sweep again. If {2 * number} are "
        "admitted then, that was the limit.",
        f"Raise --limit-concurrency to {2 * number + 1}",
    ),
    "processes": lambda number: Default(
        number,
        "gunicorn's sync workers",
        f"{plural(number, 'sync worker')} of gunicorn, one request at a time in each, and every answer "
        "closes its connection",
        "https://gunicorn.org/design",
        f"Start gunicorn with --workers {2 * number} and sweep again. If the knee moves to {2 * number}, the "
        "workers were the limit.",
    ),
    "one-pool": lambda number: Default(
        number,
        "gunicorn's threads",
        f"{number} threads of gunicorn's gthread workers, which serve every route",
        "https://gunicorn.org/design",
        f"Start gunicorn with twice the --threads and sweep again. If the knee moves to {2 * number}, the "
        "threads were the limit.",
        "Double the threads",
    ),
}
WORKERS = (1, 2, 3, 4, 8)
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A default that fits, in so many worker processes."""

    default: Default
    workers: int
    certain: bool  # good enough to be named in the verdict

    def hypothesis(self) -> Hypothesis:
        default = self.default
        times = f"{self.workers} workers × {default.number}" if self.workers > 1 else f"{default.number}"
        return Hypothesis(
            name=default.name,
            why=f"{times} at a time: {default.what}.",
            source=default.source,
            experiment=self._experiment(),
        )

    def next_step(self) -> NextStep:
        return NextStep(title=self.default.step, text=self._experiment(), same_sweep=True)

    def _experiment(self) -> str:
        """With where the knee moves to in so many workers, each of which has the new number."""
        after = self.default.after
        knee = count(after * self.workers)
        if self.workers > 1:
            knee += f" ({self.workers} workers × {count(after)})"
        return self.default.experiment.replace(KNEE, knee)


def by_behaviour(shade: str, m: Interval) -> tuple[Match, ...]:
    """The settings that behave as the verdict's shade says, with the number that was found."""
    setting = SETTINGS.get(shade)
    return () if setting is None else (Match(setting(max(1, round(m.value))), 1, certain=False),)


def matches(m: Interval, *, rejecting: bool = False, counted: bool = False) -> tuple[Match, ...]:
    """The defaults within the interval, the usual first. One that is too wide to tell matches nothing."""
    if m.width > 0.3 and not counted:
        return ()
    found = sorted(_all(m, rejecting, counted), key=lambda match: (not match.default.usual, match.workers))
    names: dict[str, Match] = {}
    for match in found:
        names.setdefault(match.default.name, match)
    return tuple(names.values())[:SHOWN]


def _all(m: Interval, rejecting: bool, counted: bool) -> Iterator[Match]:
    for default in KNOWN:
        if default.rejecting != rejecting:
            continue
        for workers in WORKERS if default.per_worker else WORKERS[:1]:
            number = default.number * workers
            near = number == round(m.value) if counted else m.low <= number <= m.high
            if near or (not counted and abs(number - m.value) <= 0.03 * number):
                yield Match(default, workers, default.usual and workers == 1)
