"""Which plans repeat writes."""

from __future__ import annotations

import pytest

from webui.plan.documents import plan_from_data
from webui.plan.repeats import repeated_writes

SWEEP = {"shape": "sweep", "from": 1, "to": 8}


def sentence(load: dict[str, object], *methods: str) -> str | None:
    requests = [{"method": method, "path": f"/{place}"} for place, method in enumerate(methods)]
    return repeated_writes(
        plan_from_data({"base_url": "http://127.0.0.1:1", "requests": requests, "load": load})
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_only_asks_may_be_repeated(method: str) -> None:
    assert sentence(SWEEP, method) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_change_something_is_named(method: str) -> None:
    found = sentence(SWEEP, "GET", method)
    assert found is not None
    assert f"{method} /1" in found


def test_a_name_that_somebody_chose_is_told_from_the_words_around_it() -> None:
    requests = [{"method": "POST", "path": "/items", "name": "add an item"}]
    plan = plan_from_data({"base_url": "http://127.0.0.1:1", "requests": requests, "load": SWEEP})
    assert "sends “add an item” thousands" in (repeated_writes(plan) or "")


def test_several_are_counted() -> None:
    assert "POST /0 and 1 more" in (sentence(SWEEP, "POST", "GET", "PUT") or "")


def test_other_loads_say_themselves_how_much_they_send() -> None:
    assert sentence({"users": 5, "duration_s": 1}, "POST") is None
