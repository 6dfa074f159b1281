"""Real services diagnosed several times: what was found, in what time, with how many requests.

`diagnosis`: the practice targets. `other-services`: those of `tests/services`, which it was not made by.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Limit, Section
from benchmarks.session import Session
from tests.services.catalogue import KINDS, Kind, started
from webui.cli.scratch import scratch_folder
from webui.lab.commands import extra_installed, needs_extra
from webui.lab.manager import LabManager
from webui.lab.registry import TARGETS

LONGEST_S = 90
NEAR = 0.1  # relative: an effective parallelism this close is right
MOST_USERS = 256
HEADER = (
    "target", "to be found", "right", "found", "at a time", "95 % intervals", "confidence",
    "seconds", "requests",
)  # fmt: skip


@dataclass(frozen=True)
class Running:
    """A service that answers, and what is to be found: one of `patterns`, so many at a time."""

    url: str
    patterns: Sequence[str]
    at_a_time: float | None


@dataclass(frozen=True)
class Subject:
    """What is diagnosed, under a name of its own."""

    name: str
    start: Callable[[], AbstractAsyncContextManager[Running]]


@dataclass(frozen=True)
class Outcome:
    """One diagnosis, and what was to be found."""

    found: dict[str, Any]
    patterns: Sequence[str]
    at_a_time: float | None

    @property
    def right(self) -> bool:
        """The pattern is, and the number within a tenth of it where there is one."""
        if self.found["pattern"] not in self.patterns:
            return False
        if self.at_a_time is None or self.found["pattern"] in ("degrades", "inconclusive"):
            return True
        value = self.found["effective_parallelism"]["value"]
        return value is not None and abs(value - self.at_a_time) <= max(NEAR * self.at_a_time, 0.35)

    @property
    def holds(self) -> bool | None:
        """Whether the interval has the true number in it; None where there is nothing to compare."""
        estimate: dict[str, float | None] = self.found["effective_parallelism"]
        low, high = estimate["low"], estimate["high"]
        if self.at_a_time is None or low is None or high is None or self.found["pattern"] == "inconclusive":
            return None
        return low <= self.at_a_time <= high

    @property
    def undecided(self) -> bool:
        """Not what was to be found, and nothing wrong said."""
        return not self.right and self.found["pattern"] == "inconclusive"


def run(session: Session) -> Section:
    """`session.rounds` diagnoses of each practice target."""
    return asyncio.run(_practice(session.rounds))


def other_services(session: Session) -> Section:
    """`session.rounds` diagnoses of each service that is no practice target."""
    subjects = [Subject(kind.name, partial(_other, kind)) for kind in KINDS]
    return asyncio.run(_section("The diagnosis of other services", subjects, session.rounds))


async def _practice(rounds: int) -> Section:
    lab = LabManager()
    names = [
        target.name for target in TARGETS if extra_installed() or not needs_extra(target, target.servers[0])
    ]
    subjects = [Subject(name, partial(_target, lab, name)) for name in names]
    subjects += [
        Subject(f"{name}, 2 workers", partial(_target, lab, name, workers=2))
        for name in ("threads", "blocked-loop", "cpu")
    ]
    try:
        return await _section("The diagnosis of each practice target", subjects, rounds)
    finally:
        await lab.close()


@asynccontextmanager
async def _target(lab: LabManager, name: str, workers: int | None = None) -> AsyncIterator[Running]:
    target = await lab.start(name) if workers is None else await lab.start(name, workers=workers)
    try:
        yield Running(target.url, (target.target.expects.pattern,), target.at_a_time)
    finally:
        await lab.stop(target.id)


@asynccontextmanager
async def _other(kind: Kind) -> AsyncIterator[Running]:
    with started(kind) as service:
        yield Running(service.url, kind.patterns, kind.at_a_time)


async def _section(title: str, subjects: Sequence[Subject], rounds: int) -> Section:
    """Round by round, so that a bad minute of the machine doesn't hit all diagnoses of one target."""
    results: dict[str, list[Outcome]] = {subject.name: [] for subject in subjects}
    for number in range(1, rounds + 1):
        for subject in subjects:
            outcome = await _once(subject)
            results[subject.name].append(outcome)
            _progress(f"{number}/{rounds} {subject.name}: {_said(outcome)}")
    return Section(
        f"{title}, {rounds} times, 1 to {MOST_USERS} users",
        HEADER,
        [_row(name, outcomes) for name, outcomes in results.items()],
        _limits([outcome for outcomes in results.values() for outcome in outcomes]),
        [
            f"{name}: {_said(each)}"
            for name, outcomes in results.items()
            for each in outcomes
            if not each.right
        ],
    )


async def _once(subject: Subject) -> Outcome:
    async with subject.start() as running:
        found = await asyncio.to_thread(_diagnosed, running.url)
        return Outcome(found, running.patterns, running.at_a_time)


def _diagnosed(url: str) -> dict[str, Any]:
    with scratch_folder("katydid-bench-diagnosis-") as folder:
        file = Path(folder) / "result.json"
        command = [sys.executable, "-m", "webui.cli", "run", url, "--sweep", f"1..{MOST_USERS}"]
        options = ["--yes", "--no-save", "--quiet", "--json", str(file)]
        subprocess.run([*command, *options], check=True, timeout=LONGEST_S, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(file.read_text())["diagnosis"]
        return found


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _said(outcome: Outcome) -> str:
    found, estimate = outcome.found, outcome.found["effective_parallelism"]
    if found["pattern"] == "inconclusive":
        return f"inconclusive: {found['reasons'][0]}"
    number = "" if estimate["value"] is None else f" {estimate['value']:.3g}"
    low, high = estimate["low"], estimate["high"]
    interval = "" if low is None or high is None else f" ({low:.3g} to {high:.3g})"
    return f"{found['pattern']}{number}{interval}, {found['confidence']} confidence"


def _limits(every: Sequence[Outcome]) -> list[Limit]:
    wrong = [each for each in every if not each.right and not each.undecided]
    seconds = [each.found["seconds"] for each in every]
    surely = sum(each.found["confidence"] == "high" for each in wrong)
    held = [each.holds for each in every if each.holds is not None]
    return [
        Limit("share that is right", sum(each.right for each in every) / len(every), 0.9, at_least=True),
        Limit("wrong with high confidence", surely, 0, at_least=False),
        Limit("share of 95 % intervals that hold", sum(held) / max(1, len(held)), 0.9, at_least=True),
        Limit("longest diagnosis", max(seconds), 60, at_least=False, unit=" s"),
        Limit("median diagnosis", median(seconds), 20, at_least=False, unit=" s"),
    ]


def _row(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    first = outcomes[0]
    patterns = Counter(outcome.found["pattern"] for outcome in outcomes)
    confidence = Counter(
        each.found["confidence"] for each in outcomes if each.found["pattern"] != "inconclusive"
    )
    values = [each.found["effective_parallelism"]["value"] for each in outcomes]
    number = "" if first.at_a_time is None else f" {first.at_a_time:g}"
    return [
        name,
        f"{' or '.join(first.patterns)}{number}",
        f"{sum(outcome.right for outcome in outcomes)} of {len(outcomes)}",
        _counted(patterns),
        _range([value for value in values if value is not None]),
        _intervals([outcome.found["effective_parallelism"] for outcome in outcomes]),
        _counted(confidence) or "–",
        _range([outcome.found["seconds"] for outcome in outcomes]),
        f"{median([outcome.found['requests'] for outcome in outcomes]):,.0f}",
    ]


def _counted(names: Counter[str]) -> str:
    if len(names) == 1:
        return next(iter(names))
    return ", ".join(f"{name} ×{number}" for name, number in names.most_common())


def _intervals(estimates: Sequence[dict[str, float | None]]) -> str:
    """From the lowest low to the highest high."""
    lows = [estimate["low"] for estimate in estimates if estimate["low"] is not None]
    highs = [estimate["high"] for estimate in estimates if estimate["high"] is not None]
    if lows and highs:
        return f"{min(lows):.1f} to {max(highs):.1f}"
    return f"{min(lows):.0f} or more" if lows else "–"


def _range(values: Sequence[float]) -> str:
    if not values:
        return "–"
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"
