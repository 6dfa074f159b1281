"""What is known of a practice target: what it teaches, what to predict, and what is true. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from webui.errors import InvalidInput, Problem

Server = Literal["uvicorn", "gunicorn"]
Pattern = Literal[
    "scales", "fixed-slots", "serialised", "loop-blocked", "cpu-bound", "rejects", "degrades", "inconclusive"
]  # webui.analysis.diagnosed has the same; a test holds them together

MAX_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Option:
    """A number that can be set. It reaches the target as an environment variable, or its server as a flag."""

    name: str
    meaning: str
    default: int
    low: int
    high: int
    variable: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a target is started: `options` has a value for each of its options."""

    workers: int
    server: Server
    options: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Question:
    """What to predict before measuring. `answer` is the right one of `choices`; `because` says why."""

    text: str
    choices: tuple[str, ...]
    answer: str
    because: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a diagnosis should find: a pattern, and a sentence for people. `at_a_time` is the effective
    parallelism in a given setup; None: the target itself sets no limit."""

    pattern: Pattern
    sentence: str
    at_a_time: Callable[[Setup], float | None]


@dataclass(frozen=True, slots=True)
class PracticeTarget:
    """One service of a single file, `targets/<module>.py`, with `app` in it.

    `method` `path` is the route to test, `canary` a cheap second route. The first of `servers` is the
    default. `service_time_ms` is what one request takes alone.
    """

    name: str
    title: str
    teaches: str
    module: str
    path: str
    service_time_ms: float
    expects: Expectation
    question: Question
    canary: str = "/ping"
    method: str = "GET"
    options: tuple[Option, ...] = ()
    servers: tuple[Server, ...] = ("uvicorn", "gunicorn")
    asgi: bool = True  # False: WSGI, which uvicorn does not serve
    allows_workers: bool = True
    default_workers: int = 1

    @property
    def source(self) -> str:
        """Its whole source text."""
        return resources.files("webui.lab.targets").joinpath(f"{self.module}.py").read_text("utf-8")

    @property
    def needs_extra(self) -> bool:
        """Whether it can be started only where the extra `lab` is installed."""
        return "uvicorn" not in self.servers

    def setup(
        self,
        *,
        workers: int | None = None,
        server: Server | None = None,
        options: Mapping[str, int] | None = None,
    ) -> Setup:
        """The setup for what was asked, with defaults for the rest. Raises InvalidInput."""
        asked = dict(options or {})
        workers = self.default_workers if workers is None else workers
        server = self.servers[0] if server is None else server
        problems = [*self._workers_problem(workers), *self._server_problem(server)]
        problems += [problem for name in asked for problem in self._option_problem(name, asked[name])]
        if problems:
            raise InvalidInput(problems)
        defaults = {option.name: option.default for option in self.options}
        return Setup(workers, server, defaults | asked)

    def at_a_time(self, setup: Setup | None = None) -> float | None:
        """How many requests it serves at a time in this setup (default: as started by default)."""
        return self.expects.at_a_time(setup or self.setup())

    def _workers_problem(self, workers: int) -> list[Problem]:
        if not self.allows_workers and workers != 1:
            return [Problem("workers", f"{self.name} runs with one worker only, not {workers}")]
        if not 1 <= workers <= MAX_WORKERS:
            return [Problem("workers", f"must be from 1 to {MAX_WORKERS}, not {workers}")]
        return []

    def _server_problem(self, server: str) -> list[Problem]:
        if server in self.servers:
            return []
        known = " or ".join(self.servers)
        return [Problem("server", f"{self.name} runs under {known}, not {server[:40]!r}")]

    def _option_problem(self, name: str, value: int) -> list[Problem]:
        option = next((each for each in self.options if each.name == name), None)
        field = f"options.{name[:40]}"
        if option is None:
            known = ", ".join(each.name for each in self.options) or "none"
            return [Problem(field, f"{self.name} has no such option as {name[:40]}; it has {known}")]
        if not option.low <= value <= option.high:
            return [Problem(field, f"{name} must be from {option.low} to {option.high}, not {value}")]
        return []
