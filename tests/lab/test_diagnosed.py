"""Practice targets, really started and really diagnosed: the pattern is right, and the number within a tenth.

A few that tell all the look-alikes apart; `python -m benchmarks diagnosis` does it with all of them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from webui.lab.manager import LabManager, RunningTarget

pytestmark = pytest.mark.anyio

LONGEST_S = 90


async def diagnosed(target: RunningTarget, folder: Path) -> dict[str, Any]:
    """The diagnosis, by the command line."""
    file = folder / "result.json"
    command = ["-m", "webui.cli", "run", target.url, "--sweep", "1..32", "--yes", "--no-save", "--quiet"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--json", str(file), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        assert await asyncio.wait_for(process.wait(), LONGEST_S) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found: dict[str, Any] = json.loads(file.read_text())["diagnosis"]
    return found


def near(found: dict[str, Any], at_a_time: float) -> bool:
    value = found["effective_parallelism"]["value"]
    return value is not None and abs(value - at_a_time) <= max(0.1 * at_a_time, 0.35)


def disturbed(found: dict[str, Any], at_a_time: float) -> bool:
    """Whether the machine was too busy for a verdict, and the verdict says so. Others may use it."""
    if found["pattern"] == "inconclusive":
        reason = found["reasons"][0]
        return any(word in reason for word in ("generator", "machine", "changed while", "too wide"))
    return found["confidence"] == "low" and not near(found, at_a_time)


@pytest.mark.parametrize(
    ("name", "options", "pattern"),
    [
        ("blocked-loop", {}, "loop-blocked"),
        ("cpu", {}, "cpu-bound"),
        ("lock", {}, "serialised"),
        ("one-at-a-time", {"admit": 3}, "rejects"),
        ("threads", {"threads": 8}, "fixed-slots"),
    ],
)
async def test_what_limits_it_is_found(
    lab: LabManager, tmp_path: Path, name: str, options: dict[str, int], pattern: str
) -> None:
    target = await lab.start(name, options=options)
    at_a_time = target.at_a_time
    assert at_a_time is not None
    assert target.target.expects.pattern == pattern
    found = await diagnosed(target, tmp_path)
    if disturbed(found, at_a_time):
        found = await diagnosed(target, tmp_path)
    if disturbed(found, at_a_time):
        pytest.skip(f"others use this machine, and twice the verdict says so: {found['summary']}")
    assert found["pattern"] == pattern, found["summary"]
    assert near(found, at_a_time), found["effective_parallelism"]
    assert found["seconds"] < 60
    assert found["headline"]
    assert found["evidence"]
