"""Which exit code a run ends with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from webui.analysis.document import RunDocument, ThresholdPart, TotalsPart
from webui.cli.exits import ExitCode, of_error, of_run
from webui.errors import AddressInUse, GeneratorFailed, InvalidInput, QueueFull, StoreUnavailable

GOOD = TotalsPart(offered=10, sent=10, completed=10, successes=10)
BROKEN = ThresholdPart(expression="p95<1ms", passed=False, actual=2.0, limit=1.0, unit="ms")


def document(totals: TotalsPart = GOOD, status: str = "passed", **more: Any) -> RunDocument:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    values = {"id": "r_1", "name": "x", "status": status, "plan": {}, "created_at": moment}
    return RunDocument(**values, totals=totals, **more)


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (document(), 0),
        (document(status="stopped"), 0),
        (document(status="failed"), 1),
        (document(thresholds=(BROKEN,), status="stopped"), 1),
        (document(TotalsPart(sent=9, completed=9, failures=9), "failed"), 1),
        (document(TotalsPart(sent=9, failures=9), "error"), 3),
        (document(TotalsPart(sent=9, failures=9), "error", thresholds=(BROKEN,)), 3),
        (document(TotalsPart(), "error"), 4),
        (document(status="interrupted"), 4),
        (document(TotalsPart(sent=9, failures=9), "error", shards=2, shards_lost=2), 4),
        (document(status="passed", shards=2, shards_lost=1), 0),
    ],
)
def test_of_run(ended: RunDocument, code: int) -> None:
    assert of_run(ended, interrupted=False) == code


def test_an_interrupted_run_says_so_whatever_it_measured() -> None:
    assert of_run(document(thresholds=(BROKEN,)), interrupted=True) == 130
    assert of_run(document(TotalsPart(), "stopped"), interrupted=True) == 130


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput.at("--users", "wrong"), ExitCode.USAGE),
        (AddressInUse("taken"), ExitCode.USAGE),
        (StoreUnavailable("locked"), ExitCode.USAGE),
        (QueueFull("full"), ExitCode.USAGE),
        (GeneratorFailed("no workers"), ExitCode.GENERATOR_FAILED),
    ],
)
def test_of_error(error: Any, code: ExitCode) -> None:
    assert of_error(error) is code
