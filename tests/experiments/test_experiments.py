"""Experiments without load: runs that end at once, practice targets without processes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.conftest import Service
from webui.analysis.document import AuditPart
from webui.experiments import Definition, Experiment, ExperimentManager
from webui.experiments.model import over_workers
from webui.experiments.running import _figures
from webui.lab.registry import find
from webui.store import RunQuery

pytestmark = pytest.mark.anyio


@pytest.fixture
def experiments(service: Service) -> ExperimentManager:
    """Those of the application; its runs end at once."""
    service.fleet.quick = True
    found: ExperimentManager = service.app.state.experiments
    return found


def grid(**changes: Any) -> Definition:
    """Two variants by two numbers of users, without sweeps."""
    variants = [variant.model_dump() for variant in over_workers(find("threads"), (1, 4))]
    plain = {"target": "threads", "variants": variants, "users": [8, 1], "cell_s": 1, "diagnose": False}
    return Definition.model_validate(plain | changes)


async def ended(experiments: ExperimentManager, id: str) -> Experiment:
    """The experiment, when it has ended."""
    task = experiments._tasks.get(id)
    if task is not None:
        await asyncio.wait([task])
    return await experiments.view(id)


async def test_each_cell_is_a_run_that_knows_its_place(
    service: Service, experiments: ExperimentManager
) -> None:
    begun = await experiments.create(grid())
    assert begun.live
    found = await ended(experiments, begun.id)
    assert (found.status, found.done) == ("finished", 4)
    cells = found.progress.cells
    assert [(cell.variant, cell.users) for cell in cells] == [(0, 1), (0, 8), (1, 1), (1, 8)]
    assert all(cell.figures is not None and cell.figures.throughput_rps == 10 for cell in cells)
    assert service.lab.running() == ()
    page = await service.store.list_runs(RunQuery(experiment_id=begun.id, sort="created", descending=False))
    assert [run.id for run in page.items] == [cell.run_id for cell in cells]
    assert page.items[3].cell == {"variant": "4 workers", "users": 8}
    assert found.progress.differences[0].throughput_ratio == 1
    assert [each.id for each in await experiments.recent()] == [begun.id]


async def test_a_cell_keeps_how_long_its_generator_waited(
    service: Service, experiments: ExperimentManager
) -> None:
    found = await ended(experiments, (await experiments.create(grid())).id)
    document = (await service.manager.view(found.progress.cells[0].run_id or "")).result()
    audit = AuditPart(trustworthy=True, generator_wait_percent=35.0)
    figures = _figures(1, document.model_copy(update={"audit": audit}))
    assert (figures.generator_wait_percent, figures.trustworthy) == (35.0, True)


async def test_a_variant_that_does_not_start_says_why_and_the_next_one_begins(
    service: Service, experiments: ExperimentManager
) -> None:
    service.lab.broken = True
    found = await ended(experiments, (await experiments.create(grid())).id)
    assert found.status == "finished"
    assert {cell.status for cell in found.progress.cells} == {"skipped"}
    assert [state.status for state in found.progress.variants] == ["failed", "failed"]
    assert "ended before it answered" in found.progress.variants[0].problem
    assert service.manager.live_runs() == []


async def test_what_never_answers_takes_no_further_load(
    service: Service, experiments: ExperimentManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.api.fakes.FakeLaunch.second_passes", lambda self, successes=10: None)
    variants = [{"label": "mine", "base_url": "http://127.0.0.1:9"}]
    found = await ended(experiments, (await experiments.create(grid(target=None, variants=variants))).id)
    assert [cell.status for cell in found.progress.cells] == ["failed", "skipped"]
    assert found.progress.variants[0].problem


async def test_stopping_ends_the_run_and_the_target_and_keeps_the_rest(
    service: Service, experiments: ExperimentManager
) -> None:
    service.fleet.quick = False
    begun = await experiments.create(grid())
    while not service.fleet.launches:
        await asyncio.sleep(0.005)
    assert len(service.lab.running()) == 1
    for _ in range(2):
        await experiments.stop(begun.id)
    found = await experiments.view(begun.id)
    assert (found.status, found.progress.reason, found.done) == ("stopped", "Stopped by you.", 0)
    assert {cell.status for cell in found.progress.cells} == {"skipped"}
    assert service.lab.running() == ()
    assert all(launch.ended for launch in service.fleet.launches.values())


async def test_a_second_one_waits_and_closing_ends_both(
    service: Service, experiments: ExperimentManager
) -> None:
    service.fleet.quick = False
    first, second = [await experiments.create(grid()) for _ in range(2)]
    while not service.fleet.launches:
        await asyncio.sleep(0.005)
    assert (await experiments.view(first.id)).status == "running"
    assert (await experiments.view(second.id)).status == "waiting"
    await experiments.close()
    assert {(await experiments.view(each.id)).status for each in (first, second)} == {"interrupted"}


async def test_one_whose_process_is_gone_is_interrupted(
    service: Service, experiments: ExperimentManager
) -> None:
    begun = await experiments.create(grid())
    await ended(experiments, begun.id)
    record = await service.store.get_experiment(begun.id)
    assert record is not None
    from dataclasses import replace

    await service.store.add_experiment(
        replace(record, id="x_gone", status="running", owner="elsewhere|1|1.0")
    )
    assert (await experiments.view("x_gone")).status == "interrupted"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": None}, "base_url"),
        ({"variants": [{"label": "a", "base_url": "http://127.0.0.1:1"}]}, "not both"),
        ({"variants": [{"label": "a"}, {"label": "a"}]}, "same label"),
        ({"users": []}, "at least 1"),
        ({"cell_s": 0.1}, "0.5"),
    ],
)
async def test_a_definition_that_cannot_be(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        grid(**changes)


async def test_the_api_starts_reads_lists_and_stops(service: Service, experiments: ExperimentManager) -> None:
    api = "/api/v1/experiments"
    begun = await service.client.post(api, json=grid().model_dump(mode="json"))
    assert begun.status_code == 201
    address = begun.headers["location"]
    await ended(experiments, begun.json()["id"])
    found = (await service.client.get(address)).json()
    assert found["status"] == "finished"
    assert found["name"] == "threads: 1, 4 workers"
    assert (await service.client.get(api)).json()["items"] == [found]
    assert (await service.client.post(f"{address}/stop")).json() == found
    assert (await service.client.get(f"{api}/x_none")).status_code == 404
    unknown = grid(target="nothing").model_dump(mode="json")
    assert (await service.client.post(api, json=unknown)).status_code == 404


async def test_the_page_starts_one_shows_it_and_says_what_is_wrong(
    service: Service, experiments: ExperimentManager
) -> None:
    form = {"ticks": "1", "of": "target", "target": "threads", "workers": ["1", "2"], "users": "1, 8"}
    started = await service.client.post("/experiments", data=form | {"cell_s": "1 s"})
    assert started.status_code == 303
    address = started.headers["location"]
    await ended(experiments, address.rpartition("/")[2])
    html = (await service.client.get(address)).text
    assert html.count('class="cell" href="/runs/') == 4
    assert "2 workers: no more throughput than 1 worker" in html
    assert address in (await service.client.get("/lab")).text
    assert (await service.client.get("/experiments/x_none")).status_code == 404

    mine = form | {"of": "addresses", "addresses": "one = http://127.0.0.1:8001\nnonsense", "path": "/items"}
    wrong = await service.client.post("/experiments", data=mine)
    assert wrong.status_code == 422
    assert "Nothing was started." in wrong.text
    assert "nonsense</textarea>" in wrong.text
    unknown = await service.client.post("/experiments", data=form | {"target": "nothing"})
    assert unknown.status_code == 404
    assert "There is no practice target" in unknown.text
    assert len(await service.store.list_experiments(10, None)) == 1


async def test_a_link_shows_it_read_only_and_without_secrets(
    service: Service, experiments: ExperimentManager
) -> None:
    variants = [
        {"label": "mine", "base_url": "http://127.0.0.1:9"},
        {"label": "b", "base_url": "http://b.test"},
    ]
    mine = grid(target=None, variants=variants, path="/items?token=s3cretvalue")
    begun = await experiments.create(mine)
    await ended(experiments, begun.id)
    page = f"/experiments/{begun.id}"
    made = await service.client.post(f"{page}/shares", data={"expires": "7"})
    assert (made.status_code, made.headers["location"]) == (303, f"{page}#share")
    [share] = await service.store.experiment_shares(begun.id)
    assert share.token in (await service.client.get(page)).text
    shown = await service.client.get(f"/s/{share.token}")
    assert shown.status_code == 200
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert "s3cretvalue" not in shown.text
    assert "/runs/" not in shown.text.partition("<main")[2]
    assert "127.0.0.1:9" in shown.text
    seen = await service.client.get(f"/s/{share.token}/changes")
    assert "s3cretvalue" not in seen.text

    hidden = await service.store.share_experiment(begun.id, hide_target=True)
    assert "127.0.0.1:9" not in (await service.client.get(f"/s/{hidden.token}")).text
    await service.client.post(f"{page}/shares/{share.token}/revoke")
    for address in (f"/s/{share.token}", f"/s/{share.token}/changes"):
        assert (await service.client.get(address)).status_code == 410


async def test_the_api_shares_lists_and_revokes(service: Service, experiments: ExperimentManager) -> None:
    begun = await experiments.create(grid())
    await ended(experiments, begun.id)
    api = f"/api/v1/experiments/{begun.id}/shares"
    made = await service.client.post(api)
    assert made.status_code == 201
    token = made.json()["token"]
    assert (await service.client.get(f"/s/{token}")).status_code == 200
    assert (await service.client.delete(f"{api}/{token}")).status_code == 204
    assert (await service.client.get(f"/s/{token}")).status_code == 410
    [listed] = (await service.client.get(api)).json()["items"]
    assert listed["revoked_at"] is not None
    assert (await service.client.post("/api/v1/experiments/x_none/shares")).status_code == 404


async def test_one_that_is_stopped_before_its_first_step_is_stopped(
    service: Service, experiments: ExperimentManager
) -> None:
    """A task that is cancelled before it has begun runs nothing, not even its own end."""
    begun = await experiments.create(grid())
    await experiments.stop(begun.id)
    assert (await experiments.view(begun.id)).status == "stopped"
    assert not experiments.busy
    record = await service.store.get_experiment(begun.id)
    assert record is not None
    assert record.status == "stopped"


async def test_stopping_twice_at_once_ends_it_in_order(
    service: Service, experiments: ExperimentManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.fleet.quick = False
    begun = await experiments.create(grid())
    while not service.fleet.launches:
        await asyncio.sleep(0.005)
    stop, ends = service.manager.stop, []

    async def slowly(run_id: str) -> None:
        await asyncio.sleep(0.01)
        ends.append(run_id)
        await stop(run_id)

    monkeypatch.setattr(service.manager, "stop", slowly)
    first = asyncio.create_task(experiments.stop(begun.id))
    await asyncio.sleep(0)
    await asyncio.gather(first, experiments.stop(begun.id), experiments.stop_everything())
    assert ends
    assert (await experiments.view(begun.id)).status == "stopped"
    record = await service.store.get_experiment(begun.id)
    assert record is not None
    assert record.status == "stopped"
    assert service.lab.running() == ()
    assert service.manager.live_runs() == []
