"""The OpenAPI document tells the truth: schemathesis sends what it allows, and what it does not."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.api.conftest import PLAN
from tests.api.served import served
from webui.app import create_app
from webui.settings import Settings

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
# For each operation; a nightly job sets this to thousands.
EXAMPLES = int(os.environ.get("KATYDID_TEST_EXAMPLES", "12"))
# Of the thousand documents that schemathesis derives from the plan's schema, for two operations, every so
# many; a nightly job takes them all.
EVERY = 1 if "KATYDID_TEST_EXAMPLES" in os.environ else 10
# What is an address or a cursor, no schema says; both have tests of their own.
EVERYWHERE = [positive_data_acceptance]
# Numbers may come as text in a plan, which its schema does not say.
FOR_PLANS = [*EVERYWHERE, negative_data_rejection]


@schemathesis.serializer("application/toml")
def toml_body(_: object, value: object) -> bytes:
    """Mostly no TOML at all: the schema says only that it is text."""
    return str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the application is served."""
    with served(tmp_path_factory.mktemp("schema")) as url:
        yield url


schema = schemathesis.openapi.from_dict(create_app(Settings(practice_target=False)).openapi())


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_response_is_as_described(case: schemathesis.Case, server: str) -> None:
    takes_plan = case.method == "POST" and case.path in ("/api/v1/runs", "/api/v1/check")
    if takes_plan and is_derived(case) and next(DERIVED) % EVERY:
        return
    excluded = FOR_PLANS if takes_plan else EVERYWHERE
    case.call_and_validate(server, excluded_checks=excluded, timeout=10)
    if "run_id" in (case.path_parameters or {}):
        # Made-up ids name no run; so once more with the id of one that there is.
        case.path_parameters["run_id"] = ended_run(server)
        case.call_and_validate(server, excluded_checks=FOR_PLANS, timeout=10)
        if case.method == "DELETE":
            ended_run.cache_clear()


DERIVED = itertools.count()


def is_derived(case: schemathesis.Case) -> bool:
    """Whether the case comes from the schema itself, one for each of its rules, and not by chance."""
    return case.meta is not None and case.meta.phase.name is TestPhase.COVERAGE


@lru_cache(maxsize=1)
def ended_run(server: str) -> str:
    """The id of a run that has ended; the same one until it is deleted."""
    with httpx.Client(base_url=server, trust_env=False) as client:
        run_id: str = client.post("/api/v1/runs", json=PLAN).json()["id"]
        while client.get(f"/api/v1/runs/{run_id}").json()["ended_at"] is None:
            time.sleep(0.01)
    return run_id


def test_the_document_names_every_operation_and_what_may_go_wrong(server: str) -> None:
    document = httpx.get(f"{server}/openapi.json", trust_env=False).json()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    guide = GUIDE.read_text()
    named = re.findall(r"^\| `([A-Z]+ /(?:api/v1/|healthz|metrics)\S*)` \|", guide, re.MULTILINE)
    assert sorted(named) == sorted(operations)
    for name, operation in operations.items():
        assert f"`{name}`" in guide
        told = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
        assert all(f"`{parameter}`" in guide for parameter in told), name
        assert operation["summary"], name
        assert operation["description"], name
        wrong = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert all(list(answer["content"]) == ["application/problem+json"] for answer in wrong.values()), name
        assert "503" in wrong or name == "GET /healthz", name
    assert set(operations["POST /api/v1/runs"]["requestBody"]["content"]) == {
        "application/json",
        "application/toml",
    }
