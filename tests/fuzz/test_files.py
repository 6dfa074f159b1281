"""Plan files and imported files of any kind are read, or refused with a sentence; nothing else happens."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import Any

import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from tests.exports.samples import run
from tests.fuzz.odd import long, mutated, short, values
from webui.errors import InvalidInput
from webui.exports import export
from webui.exports.importing import read_run
from webui.exports.recording import checksum
from webui.plan.documents import plan_from_data, plan_from_json, plan_from_toml, plan_to_data
from webui.plan.model import Plan

PLAN: dict[str, Any] = {
    "schema": "katydid.plan/1",
    "name": "Items",
    "base_url": "http://127.0.0.1:9",
    "tags": ["ci"],
    "note": "by hand",
    "requests": [
        {
            "method": "POST",
            "path": "/items?q=1",
            "name": "add",
            "weight": 2,
            "headers": {"X-One": "1"},
            "query": {"page": "2"},
            "body": {"type": "json", "value": {"a": [1, {"b": None}]}},
            "checks": [{"on": "status", "is": "== 201"}, {"on": "json", "path": "$.a[0]", "is": "== 1"}],
        },
        {"path": "/", "checks": [{"on": "body", "is": "matches ^a+$"}]},
    ],
    "load": {"shape": "ramping-rate", "stages": [{"duration_s": 5, "rate_rps": 10}], "max_users": 10},
    "thresholds": ["p95<200ms", "success>99%", 'endpoint("add").max<1s'],
    "canary": "/ping",
    "http": {"timeout_s": 10, "keepalive": True, "auth": {"type": "basic", "user": "u", "password": "p"}},
}
LOADS: list[dict[str, Any]] = [
    {"shape": "constant-users", "users": 5, "duration_s": 3, "iterations": 100},
    {"shape": "ramping-users", "stages": [{"duration_s": 5, "users": 10}], "start_users": 1},
    {"shape": "constant-rate", "rate_rps": 10, "duration_s": 5, "max_users": 4},
    {"shape": "burst", "size": 5, "count": 2},
    {"shape": "sweep", "from": 1, "to": 64, "limit": "p95<200ms"},
]
EXPORTED = json.loads(export(run(), "json").data)
plans = st.sampled_from([PLAN, *({**PLAN, "load": load} for load in LOADS)])


def read_or_refused(data: Any) -> None:
    """What is a plan can be written and read again; what is none is refused in words."""
    found: Plan | InvalidInput
    try:
        found = plan_from_data(data)
    except InvalidInput as error:
        found = error
    if isinstance(found, InvalidInput):
        assert found.problems
        assert all(problem.message for problem in found.problems)
    else:
        assert plan_from_data(plan_to_data(found)) == found


def test_the_plans_that_are_changed_are_plans() -> None:
    for load in [PLAN["load"], *LOADS]:
        plan_from_data({**PLAN, "load": load})
    read_run(json.dumps(EXPORTED).encode())


@long
@given(plans.flatmap(mutated))
def test_a_plan_as_data(data: Any) -> None:
    read_or_refused(data)


@short
@given(plans.flatmap(mutated) | values)
def test_a_plan_as_json(data: Any) -> None:
    with suppress(InvalidInput):
        plan_from_json(json.dumps(data))


@short
@given(plans.flatmap(lambda plan: mutated(plan, values | st.just(date(2026, 11, 23)))))
def test_a_plan_as_toml(data: Any) -> None:
    try:
        text = tomli_w.dumps(data)
    except (TypeError, ValueError, AttributeError):  # TOML has no null and no whole other than a table
        return
    with suppress(InvalidInput):
        plan_from_toml(text)


@short
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_text_that_is_no_plan(text: str) -> None:
    for read in (plan_from_json, plan_from_toml):
        with suppress(InvalidInput):
            read(text)


@short
@given(mutated(EXPORTED), st.booleans())
def test_an_imported_file(data: Any, honest: bool) -> None:
    if honest and isinstance(data, dict) and isinstance(data.get("recording"), dict):
        data["recording"]["sha256"] = checksum(data)
    with suppress(InvalidInput):
        read_run(json.dumps(data).encode())


@short
@given(st.data())
def test_a_damaged_file(data: st.DataObject) -> None:
    whole = bytearray(json.dumps(EXPORTED).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InvalidInput):
        read_run(bytes(whole[: data.draw(st.sampled_from([len(whole), len(whole) // 2, 1]))]))
