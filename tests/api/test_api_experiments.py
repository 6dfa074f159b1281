"""Lists of experiments, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.conftest import Service
from webui.store import ExperimentRecord

pytestmark = pytest.mark.anyio

DEFINITION = {
    "name": "Workers",
    "target": None,
    "path": "/",
    "users": [1],
    "variants": [{"label": "A", "base_url": "http://127.0.0.1:9"}],
}


async def test_pages_follow_one_another(service: Service) -> None:
    first = datetime(2026, 11, 23, tzinfo=UTC)
    for number in range(5):
        # two of the same moment: the id decides
        created = first + timedelta(seconds=number // 2)
        record = ExperimentRecord(
            id=f"x_{number}",
            name="Workers",
            created_at=created,
            status="finished",
            owner="nobody",
            definition=DEFINITION,
            result=None,
        )
        await service.store.add_experiment(record)
    found, cursor = [], ""
    for _ in range(3):
        page = (await service.client.get(f"/api/v1/experiments?limit=2{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ["x_4", "x_3", "x_2", "x_1", "x_0"]
    assert page["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["nonsense", "WyJwbGFucyIsICIyMDI2IiwgIngiXQ"])
async def test_a_foreign_cursor_is_refused(service: Service, cursor: str) -> None:
    response = await service.client.get(f"/api/v1/experiments?cursor={cursor}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "cursor"


async def test_an_experiment_that_has_ended_has_an_etag(service: Service) -> None:
    created = datetime(2026, 11, 23, tzinfo=UTC)
    record = ExperimentRecord(
        id="x_1", name="Workers", created_at=created, status="finished", owner="nobody", definition=DEFINITION
    )
    await service.store.add_experiment(record)
    tag = (await service.client.get("/api/v1/experiments/x_1")).headers["etag"]
    again = await service.client.get("/api/v1/experiments/x_1", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_plan_is_checked_and_not_started(service: Service) -> None:
    plan = {"base_url": "http://127.0.0.1:9", "requests": [{"path": "/items", "method": "POST"}]}
    sweep = {**plan, "load": {"shape": "sweep", "to": 64}}
    found = (await service.client.post("/api/v1/check", json=sweep)).json()
    assert found["target"] == "http://127.0.0.1:9/items"
    assert found["confirm"] == ["repeat-writes"]
    assert found["planned_s"] is None
    assert found["plan"]["load"]["from"] == 1
    refused = await service.client.post("/api/v1/check", json=plan)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "load"
    assert (await service.client.get("/api/v1/runs")).json()["total"] == 0
