"""The dashboard and its form over HTTP, with a real store and manager."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from typing import Any

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio

GOOD = {"url-0": "http://127.0.0.1:9/items", "users": "3", "end": "duration", "duration": "20 s"}


async def post(service: Service, path: str = "/runs", **changes: Any) -> tuple[int, str, str]:
    """Status, text and Location of the answer to the form, changed so."""
    response = await service.client.post(path, data={**GOOD, **changes})
    return response.status_code, response.text, response.headers.get("location", "")


def tag(html: str, id: str) -> str:
    """The start tag of the element with that id."""
    match = re.search(rf'<[^>]*\sid="{id}"[^>]*>', html)
    assert match, id
    return match[0]


def plan_text(html: str) -> str:
    """What stands in the plan's text area."""
    match = re.search(r'<textarea[^>]*id="plan"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    assert match
    return unescape(match[1])


async def test_an_empty_dashboard_says_what_will_appear(service: Service) -> None:
    response = await service.client.get("/")
    assert response.status_code == 200
    assert "No runs yet" in response.text
    assert response.headers["cache-control"] == "no-store"


async def test_the_form_starts_a_run_and_leads_to_it(service: Service) -> None:
    status, _, location = await post(service, tags="a, b", thresholds="p95<1s")
    assert status == 303
    view = await service.manager.view(location.rpartition("/")[2])
    assert (view.plan.load.users, view.plan.load.duration_s) == (3, 20.0)
    assert (view.plan.tags, view.plan.thresholds) == (("a", "b"), ("p95<1s",))
    page = (await service.client.get("/")).text
    assert f'href="{location}"' in page


async def test_a_mistake_starts_nothing_and_keeps_what_was_typed(service: Service) -> None:
    status, page, _ = await post(service, users="0", note="<b>&", headers="", **{"headers-0": "A: b\nfoo"})
    assert status == 422
    assert service.manager.live_runs() == []
    users = tag(page, "users")
    assert 'value="0"' in users
    assert 'aria-invalid="true"' in users
    assert "autofocus" in users
    assert 'aria-describedby="users-error"' in users
    assert re.search(r'id="users-error"[^>]*><span class="err">.*?Must be 1 or more, not 0\.', page)
    assert "A: b\nfoo</textarea>" in page
    assert "&lt;b&gt;&amp;</textarea>" in page
    assert "Line 2 has no colon" in page
    assert " open" in tag(page, "advanced")
    assert page.count("autofocus") == 1


async def test_a_file_is_kept_through_a_mistake(service: Service) -> None:
    upload = {"file-0": ("a.bin", b"\0\1hello", "application/octet-stream")}
    changed = {**GOOD, "users": "0", "method-0": "POST", "body_kind-0": "file"}
    page = (await service.client.post("/runs", data=changed, files=upload)).text
    kept = re.search(r'name="file_base64-0" value="([^"]+)"', page)
    assert kept
    changed |= {"users": "1", "file_name-0": "a.bin", "file_base64-0": kept[1]}
    response = await service.client.post("/runs", data=changed)
    assert response.status_code == 303
    view = await service.manager.view(response.headers["location"].rpartition("/")[2])
    body = view.plan.requests[0].body
    assert body is not None
    assert body.encode() == b"\0\1hello"


async def test_a_file_over_10_mb_is_named(service: Service) -> None:
    upload = {"file-0": ("big.bin", b"x" * 10_000_001)}
    response = await service.client.post(
        "/runs", data={**GOOD, "method-0": "POST", "body_kind-0": "file"}, files=upload
    )
    assert response.status_code == 422
    assert "not 10,000,001" in response.text
    assert len(response.content) < 200_000


async def test_a_body_beyond_all_measure_is_named_too(service: Service) -> None:
    typed = {**GOOD, "method-0": "POST", "body_kind-0": "text", "body-0": "x" * 40_000_001}
    response = await service.client.post("/runs", files={"file-0": ("", b"")}, data=typed)
    assert response.status_code == 422
    assert "a body may have 10 MB at most" in response.text


async def test_requests_are_added_and_removed_without_javascript(service: Service) -> None:
    status, page, _ = await post(service, do="add-request", users="nonsense")
    assert status == 200
    assert 'value="nonsense"' in tag(page, "users")
    assert "autofocus" in tag(page, "url-1")
    both = {"request": ["0", "1"], "url-1": "/other", "weight-1": "3"}
    _, page, _ = await post(service, do="remove-request-1", **both)
    assert 'id="url-1"' not in page
    status, _, location = await post(service, **both)
    assert status == 303
    plan = (await service.manager.view(location.rpartition("/")[2])).plan
    assert [(r.path, r.weight) for r in plan.requests] == [("/items", 1), ("/other", 3)]


async def test_one_more_request_has_a_key_of_its_own(service: Service) -> None:
    _, page, _ = await post(service, "/runs/request", request=["0", "4"])
    assert 'name="request" value="5"' in page
    assert "<html" not in page


async def test_a_check_speaks_of_touched_controls_only(service: Service) -> None:
    status, answer, _ = await post(service, "/runs/check", users="0", duration="soon", touched=["users", "x"])
    assert status == 200
    assert 'hx-target="#users-error"' in answer
    assert "Must be 1 or more" in answer
    assert 'hx-target="#duration-error"' not in answer
    assert 'hx-target="#preview"' in answer
    assert "Target" not in answer
    assert service.manager.live_runs() == []


async def test_a_check_clears_a_sentence_and_renews_the_preview(service: Service) -> None:
    _, answer, _ = await post(service, "/runs/check", users="1,200", touched=["users"])
    assert '<hx-partial hx-target="#users-error" hx-swap="innerHTML"></hx-partial>' in answer
    assert "Keeps 1,200 users busy for 20" in answer


async def test_a_full_queue_is_said_and_nothing_is_lost(service: Service) -> None:
    for _ in range(3):
        assert (await post(service))[0] == 303
    status, page, _ = await post(service, name="One too many")
    assert status == 429
    assert "wait already" in page
    assert 'value="One too many"' in tag(page, "name")


async def test_run_again_fills_in_every_field(service: Service) -> None:
    run_id = await service.start(name="Items", note="why", think_time_s=[1, 2])
    page = (await service.client.get(f"/?from={run_id}")).text
    assert 'value="http://127.0.0.1:9/items"' in tag(page, "url-0")
    assert 'value="2"' in tag(page, "users")
    assert 'value="1 min"' in tag(page, "duration")
    assert 'value="1 s to 2 s"' in tag(page, "pause")
    assert 'value="nightly"' in tag(page, "tags")
    assert "p95&lt;200ms</textarea>" in page
    assert "why</textarea>" in page


async def test_a_plan_beyond_the_form_is_shown_as_text_and_kept(service: Service) -> None:
    load = {"shape": "constant-rate", "rate_rps": 5, "duration_s": 60}
    run_id = await service.start(load=load, think_time_s=[1, 2])
    page = (await service.client.get(f"/?from={run_id}")).text
    assert "<code>think_time_s</code>" in page
    typed = plan_text(page).replace("\n", "\r\n")
    response = await service.client.post("/runs", data={"plan": typed})
    assert response.status_code == 303
    again = await service.manager.view(response.headers["location"].rpartition("/")[2])
    assert again.plan == (await service.manager.view(run_id)).plan


async def test_form_and_text_turn_into_each_other(service: Service) -> None:
    status, page, _ = await post(service, do="as-text", shape="sweep", sweep_to="9")
    assert status == 200
    text = plan_text(page)
    assert json.loads(text)["load"] == {"shape": "sweep", "to": 9}
    toml = (await service.client.post("/runs", data={"plan": text, "do": "as-toml"})).text
    assert 'shape = "sweep"' in plan_text(toml)
    form = (await service.client.post("/runs", data={"plan": plan_text(toml), "do": "as-form"})).text
    assert "checked" in tag(form, "shape-sweep")
    assert 'value="9"' in tag(form, "sweep_to")
    assert service.manager.live_runs() == []


async def test_a_wrong_plan_text_stays_with_its_places(service: Service) -> None:
    text = '{"base_url": "http://a", "requests": [{}], "load": {"users": 0}, "note": "<b>"}'
    response = await service.client.post("/runs", data={"plan": text})
    assert response.status_code == 422
    assert "<code>load.users</code> must be 1 or more" in response.text
    assert plan_text(response.text) == text
    checked = (await service.client.post("/runs/check", data={"plan": text})).text
    assert "<code>load.users</code>" in checked
    assert service.manager.live_runs() == []


async def test_plan_text_begins_with_an_example(service: Service) -> None:
    page = (await service.client.get("/?as=text")).text
    assert json.loads(plan_text(page))["load"]["users"] == 50


@pytest.mark.parametrize(
    ("fields", "load"),
    [
        ({"shape": "ramp", "ramp_to": "9"}, {"shape": "ramping-users", "start_users": 1}),
        ({"shape": "rate", "rate": "5", "arrivals": "poisson"}, {"shape": "constant-rate", "rate_rps": 5}),
        ({"shape": "stages", "stage-1": "10s:5, 1s:0"}, {"shape": "ramping-users"}),
        ({"shape": "burst", "burst_size": "7"}, {"shape": "burst", "size": 7, "count": 5}),
        ({"shape": "sweep", "sweep_to": "4"}, {"shape": "sweep", "to": 4, "step_s": None}),
    ],
)
async def test_every_shape_starts(service: Service, fields: dict[str, str], load: dict[str, Any]) -> None:
    status, _, location = await post(service, **fields)
    assert status == 303
    plan = (await service.manager.view(location.rpartition("/")[2])).plan
    assert load.items() <= plan.load.model_dump(by_alias=True).items()


async def test_stages_and_checks_are_added_and_removed_without_javascript(service: Service) -> None:
    typed = {"shape": "stages", "stage-1": "5 for 1 s", "stage-4": "6 for 1 s", "check-0-2": "200"}
    _, page, _ = await post(service, do="add-stage", **typed)
    assert 'value="6 for 1 s"' in tag(page, "stage-5")
    assert 'value="200"' in tag(page, "check-0-2")
    _, page, _ = await post(service, do="remove-stage-1", **typed)
    assert 'id="stage-1"' not in page
    assert 'value="6 for 1 s"' in tag(page, "stage-4")
    _, page, _ = await post(service, do="add-check-0", **typed)
    assert "autofocus" in tag(page, "check-0-3")
    _, page, _ = await post(service, do="remove-check-0-2", **typed)
    assert 'id="check-0-2"' not in page


async def test_rows_that_the_browser_adds(service: Service) -> None:
    _, row, _ = await post(service, "/runs/stage", **{"stage-1": "5 for 1 s"})
    assert 'value="5 for 1 s"' in tag(row, "stage-2")
    assert "<html" not in row
    _, row, _ = await post(service, "/runs/checks/0", **{"check-0-1": "200"})
    assert 'aria-label="Check 2, rule"' in tag(row, "check-0-2")
    assert (await post(service, "/runs/checks/7"))[0] == 404


async def test_a_wrong_check_is_named_in_its_row(service: Service) -> None:
    status, page, _ = await post(service, **{"check_on-0-1": "json", "check_of-0-1": "$[", "check-0-1": "3"})
    assert status == 422
    assert 'aria-invalid="true"' in tag(page, "check-0-1")
    assert "no JSON path" in page
    assert 'value="$["' in tag(page, "check_of-0-1")


async def test_filling_in_from_an_unknown_run_is_a_404_page(service: Service) -> None:
    response = await service.client.get("/?from=r_none")
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "r_none" in response.text


async def test_a_practice_target_that_is_off_is_not_offered(service: Service) -> None:
    assert "practice-form" not in (await service.client.get("/")).text
    response = await service.client.post("/practice", data={"target": "async-io"})
    assert response.status_code == 404


async def test_the_page_weighs_little_and_its_files_are_kept_for_good(service: Service) -> None:
    for _ in range(3):
        await post(service)
    page = await service.client.get("/")
    named = re.findall(r'(?:src|href)="(/static/[^"#]+)', page.text)
    assert len(named) > 4
    weight = len(gzip.compress(page.content))
    for address in set(named):
        response = await service.client.get(address)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        weight += len(gzip.compress(response.content))
    assert weight < 60_000


async def test_a_static_file_without_its_hash_is_asked_for_again(service: Service) -> None:
    response = await service.client.get("/static/app.css")
    assert response.headers["cache-control"] == "no-cache"


async def test_pages_have_no_inline_scripts_or_styles(service: Service) -> None:
    await post(service)
    for path in ("/", "/runs", "/nothing-here"):
        page = (await service.client.get(path)).text
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r"\s(?:style|on\w+)=", page)
        assert "<style" not in page
