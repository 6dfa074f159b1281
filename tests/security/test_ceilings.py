"""Ceilings: what is over one is refused by name and value; what is left to defaults comes under it."""

from __future__ import annotations

from typing import Any

import pytest

from webui.errors import InvalidInput
from webui.plan.documents import plan_from_data
from webui.plan.load import Sweep
from webui.plan.model import Plan
from webui.security.ceilings import Ceilings
from webui.settings import Settings

LOW = Ceilings(users=100, rate_rps=500, duration_s=60, body_bytes=1000)


def plan_of(load: dict[str, Any], **changes: Any) -> Plan:
    return plan_from_data({"base_url": "http://127.0.0.1:9", "requests": [{}], "load": load} | changes)


STEADY = {"users": 10, "duration_s": 10}


@pytest.mark.parametrize(
    ("load", "field", "words"),
    [
        ({"users": 101, "duration_s": 10}, "load.users", "100 users at most (--max-users), not 101"),
        ({"shape": "burst", "size": 200, "count": 1}, "load.size", "--max-users"),
        ({"shape": "sweep", "from": 1, "to": 256}, "load.to", "--max-users"),
        ({"shape": "ramping-users", "stages": [{"duration_s": 9, "users": 300}]}, "load.stages", "not 300"),
        ({"shape": "constant-rate", "rate_rps": 501, "duration_s": 5}, "load.rate_rps", "--max-rate"),
        (
            {"shape": "constant-rate", "rate_rps": 5, "duration_s": 5, "max_users": 101},
            "load.max_users",
            "not 101",
        ),
        (
            {"shape": "ramping-rate", "stages": [{"duration_s": 9, "rate_rps": 900}]},
            "load.stages",
            "--max-rate",
        ),
        ({"users": 1, "duration_s": 61}, "load.duration_s", "--max-duration"),
    ],
)
def test_a_load_over_a_ceiling(load: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        LOW.fitted(plan_of(load))
    [problem] = caught.value.problems
    assert problem.field == field
    assert words in problem.message


def test_bodies_that_are_sent_and_read() -> None:
    requests = [{"method": "POST", "body": "x" * 1001}]
    with pytest.raises(InvalidInput) as caught:
        LOW.fitted(plan_of(STEADY, requests=requests, http={"max_body_bytes": 2000}))
    assert [problem.field for problem in caught.value.problems] == ["requests[0].body", "http.max_body_bytes"]


def test_defaults_come_under_the_ceilings() -> None:
    fitted = LOW.fitted(plan_of({"shape": "constant-rate", "rate_rps": 5, "duration_s": 5}))
    assert fitted.http.max_body_bytes == 1000
    assert fitted.load.model_dump()["max_users"] == 100


def test_without_ceilings_a_plan_stays_as_it_is() -> None:
    plan = plan_of({"users": 100_000, "duration_s": 3600})
    assert Ceilings().fitted(plan) == plan


def test_a_sweep_that_katydid_chose_ends_at_the_ceiling() -> None:
    load = LOW.within(plan_of({"shape": "sweep", "from": 1, "to": 256})).load
    assert isinstance(load, Sweep)
    assert (load.from_, load.to) == (1, 100)


@pytest.mark.parametrize(
    ("kind", "value", "end_s", "field"),
    [("users", 101.0, None, "users"), ("rate", 501.0, None, "rate_rps"), ("add_time", 30.0, 61.0, "add_s")],
)
def test_changes_of_a_run_keep_to_them(kind: str, value: float, end_s: float | None, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        LOW.check_change(kind, value, end_s)
    assert caught.value.problems[0].field == field
    LOW.check_change(kind, 1.0, 60.0)
    LOW.check_change("pause", None, None)


def test_they_are_typed_as_people_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATYDID_MAX_RATE", "6000/min")
    monkeypatch.setenv("KATYDID_MAX_BODY", "10MB")
    settings = Settings(max_duration="2min")  # type: ignore[arg-type]
    assert Ceilings.of(settings) == Ceilings(None, 100.0, 120.0, 10_000_000)
