"""`webui.client.Katydid` against the real application, and its example against a real dashboard."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.served import served
from tests.reliability.served import target_process
from tests.server import dashboard
from webui import client as module
from webui.client import ApiError, Katydid, Unreachable
from webui.plan.documents import plan_from_data

ROOT = Path(__file__).resolve().parent.parent
PLAN: dict[str, Any] = {
    "base_url": "http://127.0.0.1:9",
    "name": "Items",
    "tags": ["nightly"],
    "requests": [{"path": "/items"}],
    "load": {"shape": "constant-users", "users": 2, "duration_s": 2},
    "thresholds": ["p95<200ms"],
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("client")) as address:
        yield address


@pytest.fixture
def katydid(url: str) -> Iterator[Katydid]:
    with Katydid(url) as client:
        yield client


@pytest.mark.parametrize("plan", [PLAN, plan_from_data(PLAN)], ids=["dict", "Plan"])
def test_a_run_from_start_to_result(katydid: Katydid, plan: Any) -> None:
    result = katydid.run(plan, timeout_s=30)
    assert result.status == "passed"
    assert result.name == "Items"
    assert result.totals.successes == 20
    assert katydid.result(result.id) == result


def test_lists_go_over_all_pages(katydid: Katydid, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [katydid.run({**PLAN, "tags": ["pages"]}).id for _ in range(5)]
    found = [item.id for item in katydid.runs(tag="pages", limit=2)]
    assert found == ids[::-1]


def test_a_run_is_labelled_compared_exported_shared_and_deleted(katydid: Katydid, url: str) -> None:
    first, second = (katydid.run(PLAN).id for _ in range(2))
    assert katydid.change(first, name="Before", pinned=True).name == "Before"
    compared = katydid.compare(first, second)
    assert [run.id for run in compared.runs] == [first, second]
    assert json.loads(katydid.export(first, "json"))["id"] == first
    share = katydid.share(first)
    assert share.url == f"{url}/s/{share.token}"
    assert (share.expires_at, share.hide_target) == (None, False)
    brief = katydid.share(first, expires_in_days=1, hide_target=True)
    assert brief.expires_at is not None
    assert brief.hide_target
    katydid.delete(first)
    with pytest.raises(ApiError) as refused:
        katydid.result(first)
    assert (refused.value.status, refused.value.kind) == (404, "not-found")
    assert katydid.restore(first).id == katydid.result(first).id == first


def test_stopping_what_has_ended_is_refused_in_words(katydid: Katydid) -> None:
    run_id = katydid.run(PLAN).id
    with pytest.raises(ApiError, match="This test has ended already") as refused:
        katydid.stop(run_id)
    assert refused.value.kind == "conflict"


def test_a_plan_that_is_none_names_each_field(katydid: Katydid) -> None:
    with pytest.raises(ApiError, match=r"load\.users") as refused:
        katydid.start({**PLAN, "load": {"users": 0, "duration_s": 1}})
    assert [problem.field for problem in refused.value.problem.errors] == ["load.users"]


def answering(handler: Callable[[httpx.Request], httpx.Response], token: str | None = None) -> Katydid:
    return Katydid("http://127.0.0.1:8090", token=token, transport=httpx.MockTransport(handler))


def document(**changes: Any) -> dict[str, Any]:
    """A result document of the least that one has."""
    return {
        "id": "r_1",
        "name": "Items",
        "status": "running",
        "plan": PLAN,
        "created_at": "2026-11-23T00:00:00Z",
        **changes,
    }


def test_the_token_and_the_confirmations_are_sent() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=document())

    with answering(handler, token="s3cret") as client:
        client.start(PLAN, "repeat-writes", "may-test")
    assert seen[0].headers["authorization"] == "Bearer s3cret"
    assert seen[0].headers["confirm"] == "repeat-writes, may-test"
    assert json.loads(seen[0].content) == PLAN


def test_waiting_asks_until_the_end_and_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = 0.0, []

    def sleep(seconds: float) -> None:
        nonlocal clock
        clock += seconds

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("prefer", ""))
        ended = "2026-11-23T00:00:30Z" if len(asked) == 3 else None
        return httpx.Response(200, json=document(ended_at=ended))

    monkeypatch.setattr(module.time, "sleep", sleep)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock)
    with answering(handler) as client:
        assert client.wait("r_1").ended_at is not None
        assert asked == ["wait=20"] * 3
        asked.extend("xxx")
        with pytest.raises(TimeoutError, match="r_1 has not ended within 1 s"):
            client.wait("r_1", timeout_s=1)


def test_what_is_no_dashboard_is_said() -> None:
    with answering(lambda _: httpx.Response(502, html="<h1>Bad gateway</h1>")) as client:
        with pytest.raises(ApiError, match="502 Bad Gateway"):
            client.result("r_1")
    with answering(lambda _: httpx.Response(200, html="<h1>Hello</h1>")) as client:
        with pytest.raises(Unreachable, match="not a dashboard"):
            client.result("r_1")

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    with answering(refuse) as client, pytest.raises(Unreachable, match="does not answer"):
        client.result("r_1")


def test_every_method_and_argument_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "client.md").read_text()
    methods = [name for name in vars(Katydid) if not name.startswith("_")]
    assert set(methods) == set(re.findall(r"^\| `(\w+)\(", guide, re.MULTILINE))
    for name in (*module.Filters.__annotations__, *module.NewValues.__annotations__):
        assert f"{name}=…" in guide or f"`{name}`" in guide, name


def test_the_example_runs_against_a_service(tmp_path: Path) -> None:
    with target_process() as (_, port), dashboard(tmp_path / "data", practice=False) as running:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "examples/test_service.py"],
            cwd=ROOT,
            env={
                **os.environ,
                "KATYDID_URL": running.url,
                "SERVICE_URL": f"http://127.0.0.1:{port}",
                "SERVICE_PATH": "/async",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout or "1 passed, 1 skipped" in done.stdout
