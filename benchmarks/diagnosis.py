"""Each practice target diagnosed several times: what was found, in what time, with how many requests."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Limit, Section
from benchmarks.session import Session
from webui.cli.scratch import scratch_folder
from webui.lab.commands import extra_installed, needs_extra
from webui.lab.manager import LabManager, RunningTarget
from webui.lab.registry import TARGETS

LONGEST_S = 90
NEAR = 0.1  # relative: an effective parallelism this close is right
MOST_USERS = 256
HEADER = ("target", "expected", "found", "at a time", "95 % interval", "seconds", "requests")


@dataclass(frozen=True)
class Setting:
    """One target as it is started; `workers` None: its own default."""

    name: str
    workers: int | None = None

    @property
    def label(self) -> str:
        return self.name if self.workers is None else f"{self.name}, {self.workers} workers"


@dataclass(frozen=True)
class Outcome:
    """One diagnosis, and what was to be found."""

    found: dict[str, Any]
    pattern: str
    at_a_time: float | None

    @property
    def undecided(self) -> bool:
        return bool(self.found["pattern"] == "inconclusive")

    @property
    def right(self) -> bool:
        """The pattern is, and the number within a tenth of it where there is one."""
        value = self.found["effective_parallelism"]["value"]
        if self.found["pattern"] != self.pattern:
            return False
        if self.at_a_time is None or self.pattern == "degrades":
            return True
        return value is not None and abs(value - self.at_a_time) <= max(NEAR * self.at_a_time, 0.35)


def run(session: Session) -> Section:
    """`session.rounds` diagnoses of each target, one after the other."""
    settings = [
        *(Setting(target.name) for target in TARGETS),
        Setting("threads", 2),
        Setting("blocked-loop", 2),
    ]
    results = asyncio.run(_all([s for s in settings if _possible(s.name)], session.rounds))
    every = [outcome for outcomes in results.values() for outcome in outcomes]
    wrong = [outcome for outcome in every if not outcome.right and not outcome.undecided]
    seconds = sorted(outcome.found["seconds"] for outcome in every)
    limits = [
        Limit("share of diagnoses that are right", _share(every), 0.9, at_least=True),
        Limit(
            "wrong with high confidence",
            sum(o.found["confidence"] == "high" for o in wrong),
            0,
            at_least=False,
        ),
        Limit("longest diagnosis", seconds[-1], 60, at_least=False, unit=" s"),
        Limit("median diagnosis", median(seconds), 20, at_least=False, unit=" s"),
    ]
    rows = [_row(setting, outcomes) for setting, outcomes in results.items()]
    return Section(
        f"The diagnosis of each practice target, {session.rounds} times, 1 to {MOST_USERS} users",
        HEADER,
        rows,
        limits,
    )


def _possible(name: str) -> bool:
    target = next(target for target in TARGETS if target.name == name)
    return extra_installed() or not needs_extra(target, target.servers[0])


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.right for outcome in outcomes) / len(outcomes)


async def _all(settings: Sequence[Setting], rounds: int) -> dict[Setting, list[Outcome]]:
    lab, results = LabManager(), {}
    try:
        for setting in settings:
            results[setting] = [await _once(lab, setting) for _ in range(rounds)]
    finally:
        await lab.close()
    return results


async def _once(lab: LabManager, setting: Setting) -> Outcome:
    workers = {} if setting.workers is None else {"workers": setting.workers}
    target = await lab.start(setting.name, **workers)
    try:
        found = await asyncio.to_thread(_diagnosed, target)
        return Outcome(found, target.target.expects.pattern, target.at_a_time)
    finally:
        await lab.stop(target.id)


def _diagnosed(target: RunningTarget) -> dict[str, Any]:
    with scratch_folder("katydid-bench-diagnosis-") as folder:
        file = Path(folder) / "result.json"
        command = [sys.executable, "-m", "webui.cli", "run", target.url, "--sweep", f"1..{MOST_USERS}"]
        options = ["--yes", "--no-save", "--quiet", "--json", str(file)]
        subprocess.run([*command, *options], check=True, timeout=LONGEST_S)
        found: dict[str, Any] = json.loads(file.read_text())["diagnosis"]
        return found


def _row(setting: Setting, outcomes: Sequence[Outcome]) -> list[str]:
    first = outcomes[0]
    patterns = Counter(outcome.found["pattern"] for outcome in outcomes)
    estimates = [outcome.found["effective_parallelism"] for outcome in outcomes]
    lows = [estimate["low"] for estimate in estimates if estimate["low"] is not None]
    highs = [estimate["high"] for estimate in estimates if estimate["high"] is not None]
    expected = first.pattern if first.at_a_time is None else f"{first.pattern} {first.at_a_time:g}"
    return [
        setting.label,
        expected,
        ", ".join(f"{pattern} ×{number}" for pattern, number in patterns.most_common()),
        _range([estimate["value"] for estimate in estimates if estimate["value"] is not None]),
        f"{min(lows):.1f} to {max(highs):.1f}"
        if lows and highs
        else (f"{min(lows):.0f} or more" if lows else "–"),
        _range([outcome.found["seconds"] for outcome in outcomes]),
        f"{median([outcome.found['requests'] for outcome in outcomes]):,.0f}",
    ]


def _range(values: Sequence[float]) -> str:
    if not values:
        return "–"
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"
