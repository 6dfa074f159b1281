"""Exports from the API, the page and a share link: the same bytes, marked while the run goes on."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Service
from webui.exports import FORMATS, export

SECRET = "hunter2-s3cr3t"
REQUESTS = [{"path": "/items", "headers": {"Authorization": f"Bearer {SECRET}"}}]


@pytest.fixture
async def ended(service: Service) -> str:
    return await service.ended(await service.started(requests=REQUESTS, note=SECRET))


async def test_page_api_share_and_command_give_the_same_bytes(service: Service, ended: str) -> None:
    token = (await service.client.post(f"/api/v1/runs/{ended}/shares")).json()["token"]
    view = await service.manager.view(ended)
    for name in FORMATS:
        answer = await service.client.get(f"/api/v1/runs/{ended}/export/{name}")
        shared = await service.client.get(f"/s/{token}/export/{name}")
        written = export(view, name)  # as `katydid export` writes it
        assert answer.status_code == shared.status_code == 200
        assert answer.content == shared.content == written.data, name
        assert answer.headers["content-type"] == written.media_type
        disposition = f'attachment; filename="{written.file_name}"'
        assert answer.headers["content-disposition"] == disposition
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert shared.headers["referrer-policy"] == "no-referrer"
        assert SECRET not in answer.text


async def test_a_finished_run_has_an_etag(service: Service, ended: str) -> None:
    address = f"/api/v1/runs/{ended}/export/json"
    etag = (await service.client.get(address)).headers["etag"]
    for sent in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = await service.client.get(address, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    other = await service.client.get(address, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200
    await service.client.patch(f"/api/v1/runs/{ended}", json={"name": "Another name"})
    assert (await service.client.get(address, headers={"If-None-Match": etag})).status_code == 200


async def test_a_run_that_goes_on_is_exported_as_partial(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    for name in FORMATS:
        answer = await service.client.get(f"/api/v1/runs/{launch.run_id}/export/{name}")
        assert answer.status_code == 200
        assert "-partial" in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    page = (await service.client.get(f"/runs/{launch.run_id}")).text
    assert "says that it is partial" in page


async def test_unknown_formats_and_runs_are_said_in_words(service: Service, ended: str) -> None:
    token = (await service.client.post(f"/api/v1/runs/{ended}/shares")).json()["token"]
    answer = await service.client.get(f"/api/v1/runs/{ended}/export/pdf")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is no export format 'pdf'; there are html, json, ")
    assert (await service.client.get(f"/s/{token}/export/pdf")).status_code == 404
    assert (await service.client.get("/api/v1/runs/r_none/export/json")).status_code == 404
    await service.client.delete(f"/api/v1/runs/{ended}/shares/{token}")
    assert (await service.client.get(f"/s/{token}/export/json")).status_code == 410
    assert (await service.client.get(f"/s/{token}/downloads")).status_code == 410


async def test_the_card_names_every_file_with_its_size(service: Service, ended: str) -> None:
    token = (await service.client.post(f"/api/v1/runs/{ended}/shares")).json()["token"]
    for base, files in (
        (f"/runs/{ended}", f"/api/v1/runs/{ended}/export"),
        (f"/s/{token}", f"/s/{token}/export"),
    ):
        page = (await service.client.get(base)).text
        assert f'hx-get="{base}/downloads"' in page
        card = (await service.client.get(f"{base}/downloads")).text
        assert "hx-get" not in card
        for name in FORMATS:
            shown = name != "steps.csv"  # no sweep
            assert (f'href="{files}/{name}"' in card) is shown, name
        assert card.count("kB") + card.count("\u00a0B") == len(FORMATS) - 1


async def test_the_formats_are_in_the_openapi_document(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    operation = document["paths"]["/api/v1/runs/{run_id}/export/{format}"]["get"]
    named = {each["name"]: each["schema"] for each in operation["parameters"]}
    assert named["format"]["enum"] == list(FORMATS)
    assert {"application/json", "text/csv", "text/html"} <= operation["responses"]["200"]["content"].keys()


async def test_the_export_is_the_result_without_secrets(service: Service, ended: str) -> None:
    exported = (await service.client.get(f"/api/v1/runs/{ended}/export/json")).json()
    shown = (await service.client.get(f"/api/v1/runs/{ended}")).json()
    recording = exported.pop("recording")
    assert recording["snapshots"]
    plan = shown["plan"]
    plan["requests"][0]["headers"]["Authorization"] = plan["note"] = shown["note"] = "[hidden]"
    assert json.dumps(exported, sort_keys=True) == json.dumps(shown, sort_keys=True)
