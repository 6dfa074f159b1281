"""The practice targets' API, without processes."""

from __future__ import annotations

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio
LAB = "/api/v1/lab"


async def test_each_target_is_described_with_the_truth_about_it(service: Service) -> None:
    found = (await service.client.get(LAB)).json()
    assert found["running"] == []
    targets = {each["name"]: each for each in found["targets"]}
    assert len(targets) == len(found["targets"]) >= 14
    threads = targets["threads"]
    assert (threads["pattern"], threads["at_a_time"], threads["path"]) == ("fixed-slots", 40, "/threads")
    assert "def read_item" in threads["source"]
    assert [option["name"] for option in threads["options"]] == ["threads"]
    assert targets["gather"]["at_a_time"] is None
    assert targets["flask-sync"]["needs_extra"] is True


async def test_a_target_is_started_as_asked_seen_and_stopped(service: Service) -> None:
    asked = {"workers": 2, "options": {"threads": 80}}
    answer = await service.client.post(f"{LAB}/threads", json=asked)
    assert answer.status_code == 201
    running = answer.json()
    assert answer.headers["location"] == f"{LAB}/running/{running['id']}"
    assert (running["workers"], running["options"], running["at_a_time"]) == (2, {"threads": 80}, 160)
    assert running["url"] == running["base_url"] + "/threads"
    assert (await service.client.get(LAB)).json()["running"] == [running]
    for _ in range(2):
        assert (await service.client.delete(f"{LAB}/running/{running['id']}")).status_code == 204
    assert (await service.client.get(LAB)).json()["running"] == []


async def test_started_without_a_body_it_is_as_by_default(service: Service) -> None:
    running = (await service.client.post(f"{LAB}/async-io")).json()
    assert (running["workers"], running["server"], running["at_a_time"]) == (1, "uvicorn", None)


async def test_what_cannot_be_is_a_problem(service: Service) -> None:
    unknown = await service.client.post(f"{LAB}/nothing")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:katydid:problem:not-found")
    wrong = await service.client.post(f"{LAB}/threads", json={"options": {"threads": 0, "legs": 6}})
    assert wrong.status_code == 422
    assert [each["field"] for each in wrong.json()["errors"]] == ["options.threads", "options.legs"]
    assert (await service.client.post(f"{LAB}/threads", json={"legs": 6})).status_code == 422
    unreadable = await service.client.post(
        f"{LAB}/threads", content=b"\xff", headers={"Content-Type": "application/json"}
    )
    assert (unreadable.status_code, unreadable.json()["detail"]) == (
        422,
        "the body is not valid JSON in UTF-8",
    )
    service.lab.broken = True
    failed = await service.client.post(f"{LAB}/threads")
    assert (failed.status_code, failed.json()["type"]) == (503, "urn:katydid:problem:target-failed")


async def test_only_so_many_run_at_a_time(service: Service) -> None:
    codes = [(await service.client.post(f"{LAB}/threads")).status_code for _ in range(9)]
    assert codes == [201] * 8 + [409]
