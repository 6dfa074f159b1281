"""A plan as text reads back as the same plan, in both formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.pages.test_prefill import RICH
from webui.errors import InvalidInput
from webui.pages.plantext import format_of, plan_from_text, text_of
from webui.plan.documents import plan_from_data

NULLS: dict[str, Any] = {
    "base_url": "http://a",
    "requests": [{"method": "POST", "body": {"type": "json", "value": None}}],
    "load": {"shape": "sweep", "from": 2, "to": 9},
}


@pytest.mark.parametrize("form", ["json", "toml"])
@pytest.mark.parametrize("data", [RICH, NULLS, {**RICH, "note": "carriage\r\nreturn \0 '''"}])
def test_a_plan_reads_back_as_the_same_plan(data: dict[str, Any], form: str) -> None:
    plan = plan_from_data(data)
    text = text_of(plan, form)
    assert format_of(text) == form
    assert plan_from_text(text) == plan


def test_defaults_are_left_out() -> None:
    plan = plan_from_data({"base_url": "http://a", "requests": [{}], "load": {"users": 3, "duration_s": 5}})
    assert json.loads(text_of(plan, "json")) == {
        "schema": "katydid.plan/1",
        "base_url": "http://a",
        "requests": [{}],
        "load": {"shape": "constant-users", "users": 3, "duration_s": 5.0},
    }


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ('{"base_url": ', "", "line 1 column 14"),
        ("base_url = 'a'\nload = 3x", "", "line 2, column 9"),
        ("", "", "not valid JSON"),
        ("[1]", "", "must be an object"),
        ('base_url = "http://a"\nrequests = [{}]\nload = {users = 0}', "load.users", "1 or more"),
    ],
)
def test_a_mistake_has_its_place(text: str, field: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_from_text(text)
    assert caught.value.problems[0].field == field
    assert words in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# " + "x" * 5_000_000, "TOML is 5.00\N{NO-BREAK SPACE}MB at most here"),
        ("[" + " " * 32_000_000, "is over 32.0"),
    ],
)
def test_a_text_has_a_largest_length(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan_from_text(text)
