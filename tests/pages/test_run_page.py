"""The run page over HTTP: live, finished, without JavaScript and with htmx."""

from __future__ import annotations

import json
import re

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio
HTMX = {"HX-Request": "true"}


def text_of(html: str, id: str) -> str:
    """The text inside the element with that id, up to the next element with one."""
    match = re.search(rf'id="{id}"[^>]*>(.*?)(?=<[^>]*\sid=)', html, re.DOTALL)
    assert match, id
    return " ".join(re.sub(r"<[^>]+>", " ", match[1]).split())


def chart_data(html: str) -> dict[str, object]:
    match = re.search(r'id="chart-data">(.*?)</script>', html, re.DOTALL)
    assert match
    data: dict[str, object] = json.loads(match[1])
    return data


async def test_a_live_run_shows_its_figures_so_far_and_connects_to_its_stream(service: Service) -> None:
    launch = await service.started()
    launch.second_passes(40)
    page = (await service.client.get(f"/runs/{launch.run_id}")).text
    assert "<title>Running: Items · Katydid</title>" in page
    assert f'hx-sse:connect="/runs/{launch.run_id}/stream?after=10-0"' in page
    assert 'hx-sse:close="end"' in page
    assert "1 engine<" in page
    assert text_of(page, "tile-rate").startswith("Requests per second 40.0")
    assert f'action="/runs/{launch.run_id}/stop"' in page
    assert len(chart_data(page)["rows"]) == 1  # type: ignore[arg-type]
    assert "Without JavaScript" in page


async def test_percentiles_that_the_sample_cannot_tell_say_why(service: Service) -> None:
    launch = await service.started()
    launch.second_passes(40)
    page = (await service.client.get(f"/runs/{launch.run_id}")).text
    assert text_of(page, "tile-p50").startswith("p50 5.00 ms")
    assert text_of(page, "tile-p99") == "p99 – needs 100 requests"


async def test_a_finished_run_has_no_stream_and_can_be_run_again_or_deleted(service: Service) -> None:
    run_id = await service.ended(await service.started())
    page = (await service.client.get(f"/runs/{run_id}")).text
    assert "<title>Passed: Items · Katydid</title>" in page
    assert "hx-sse:connect" not in page
    assert f'href="/?from={run_id}"' in page
    assert "p95 latency below 200&nbsp;ms" in page
    gone = await service.client.post(f"/runs/{run_id}/delete")
    assert (gone.status_code, gone.headers["location"]) == (303, f"/runs?deleted={run_id}")
    assert (await service.client.get(f"/runs/{run_id}")).status_code == 410


async def test_a_queued_run_says_how_many_are_before_it(service: Service) -> None:
    await service.started()
    await service.start()
    last = await service.start()
    page = (await service.client.get(f"/runs/{last}")).text
    assert "Waiting: 1 before it." in page


async def test_stop_without_javascript_leads_back_and_pressing_twice_is_fine(service: Service) -> None:
    launch = await service.started()
    for _ in range(2):
        answer = await service.client.post(f"/runs/{launch.run_id}/stop")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{launch.run_id}")
    assert (await service.client.post("/runs/r_unknown000/stop")).status_code == 404


async def test_stop_of_a_run_that_has_passed_changes_nothing(service: Service) -> None:
    run_id = await service.ended(await service.started())
    assert (await service.client.post(f"/runs/{run_id}/stop")).status_code == 303
    assert (await service.manager.view(run_id)).status == "passed"


async def test_stop_with_htmx_leaves_the_state_to_the_stream(service: Service) -> None:
    launch = await service.started()
    answer = await service.client.post(f"/runs/{launch.run_id}/stop", headers=HTMX)
    assert answer.status_code == 200
    assert re.findall(r'hx-target="(.*?)"', answer.text) == ["#change-problem"]
    assert (await service.manager.view(launch.run_id)).status == "stopping"


async def test_deleting_a_live_run_is_refused(service: Service) -> None:
    launch = await service.started()
    assert (await service.client.post(f"/runs/{launch.run_id}/delete")).status_code == 409


async def test_what_a_user_wrote_cannot_break_out_of_the_page(service: Service) -> None:
    evil = "</script><script>alert(1)</script>"
    run_id = await service.start(
        name=evil, note=evil, tags=[evil[:60]], requests=[{"path": "/", "name": evil}]
    )
    page = (await service.client.get(f"/runs/{run_id}")).text
    assert "<script>alert" not in page


async def test_scripts_and_styles_stand_in_files_only(service: Service) -> None:
    """A strict content security policy must be possible."""
    launch = await service.started()
    launch.second_passes()
    page = (await service.client.get(f"/runs/{launch.run_id}")).text
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", page)
    assert not re.search(r'\sstyle="', page)
    assert not re.search(r'\son\w+="', page)


async def test_the_intervals_are_also_a_table(service: Service) -> None:
    launch = await service.started()
    for _ in range(3):
        launch.second_passes(50)
    page = (await service.client.get(f"/runs/{launch.run_id}/intervals")).text
    assert page.count('<th scope="row">') == 3


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("plan.json", "application/json", '"schema": "katydid.plan/1"'),
        ("plan.toml", "application/toml", 'schema = "katydid.plan/1"'),
    ],
)
async def test_documents_to_keep(service: Service, name: str, kind: str, expected: str) -> None:
    run_id = await service.ended(await service.started())
    answer = await service.client.get(f"/runs/{run_id}/{name}")
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert expected in answer.text


async def test_a_hidden_tab_can_ask_for_its_title(service: Service) -> None:
    launch = await service.started(name="A & B")
    asked = f"/runs/{launch.run_id}/title"
    assert (await service.client.get(asked)).text == "Running: A & B · Katydid"
    await service.ended(launch)
    answer = await service.client.get(asked)
    assert (answer.text, answer.headers["content-type"]) == (
        "Passed: A & B · Katydid",
        "text/plain; charset=utf-8",
    )
    assert (await service.client.get("/runs/r_unknown000/title")).status_code == 404
