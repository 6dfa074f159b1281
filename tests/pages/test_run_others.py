"""The page of a run that another process runs: what is asked and not done is said where it was asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.api.conftest import Service
from webui.errors import OwnerSilent
from webui.plan.documents import plan_from_data, plan_to_data
from webui.store import RunRecord

pytestmark = pytest.mark.anyio
HTMX = {"HX-Request": "true"}


async def of_another(service: Service) -> str:
    """A live run of another machine's process."""
    plan = plan_from_data(
        {
            "base_url": "http://127.0.0.1:9",
            "requests": [{"path": "/"}],
            "load": {"shape": "constant-users", "users": 2, "duration_s": 60},
        }
    )
    now = datetime.now(UTC)
    await service.store.add_run(
        RunRecord(
            id="r_another000",
            name="Another's",
            status="running",
            target="http://127.0.0.1:9/",
            created_at=now,
            started_at=now,
            owner="elsewhere x|1|1",
            heartbeat_at=now,
            plan=plan_to_data(plan),
        )
    )
    return "r_another000"


async def test_what_another_process_runs_and_cannot_be_asked_is_not_stopped(service: Service) -> None:
    run_id = await of_another(service)
    page = await service.client.post(f"/runs/{run_id}/stop")
    assert page.status_code == 409
    assert "This test was started by another process; control it there." in page.text
    part = await service.client.post(f"/runs/{run_id}/stop", headers=HTMX)
    assert part.status_code == 409
    assert 'hx-target="#change-problem"' in part.text
    changed = await service.client.post(f"/runs/{run_id}/change", data={"users": "5"})
    assert (changed.status_code, "by another process" in changed.text) == (409, True)


async def test_an_owner_that_does_not_answer(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = await of_another(service)

    async def silent(*_: object, **__: object) -> None:
        raise OwnerSilent("It does not answer, so nothing was changed.")

    monkeypatch.setattr(service.manager, "stop", silent)
    monkeypatch.setattr(service.manager, "change", silent)
    for path, data in (("stop", {}), ("change", {"users": "5"})):
        for headers in ({}, HTMX):
            answer = await service.client.post(f"/runs/{run_id}/{path}", data=data, headers=headers)
            assert (answer.status_code, "It does not answer" in answer.text) == (503, True)
