"""HEAD answers wherever GET does, with the same headers and without a body."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/runs",
        "/lab",
        "/healthz",
        "/openapi.json",
        "/api/v1/runs",
        "/api/v1/runs/none",
        "/static/app.css",
    ],
)
async def test_the_headers_are_those_of_get(service: Service, address: str) -> None:
    got = await service.client.get(address)
    head = await service.client.head(address)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert dict(head.headers) == dict(got.headers)


async def test_a_finished_result_is_known_by_its_etag(service: Service) -> None:
    address = f"/api/v1/runs/{await service.ended(await service.started())}"
    head = await service.client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    again = await service.client.head(address, headers={"If-None-Match": head.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("address", ["/api/v1/runs/{}/stream", "/runs/{}/stream"])
async def test_a_stream_gives_its_headers_and_ends(service: Service, address: str) -> None:
    launch = await service.started()
    async with asyncio.timeout(5):
        head = await service.client.head(address.format(launch.run_id))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


async def test_what_get_does_not_answer_head_does_not_either(service: Service) -> None:
    head = await service.client.head("/api/v1/check")
    assert (head.status_code, head.headers["allow"], head.content) == (405, "POST", b"")
    wrong = await service.client.delete("/api/v1/runs")
    assert wrong.headers["allow"] == "GET, HEAD, POST"


async def test_a_link_that_is_tried_is_not_a_view(service: Service) -> None:
    address = f"/api/v1/runs/{await service.ended(await service.started())}/shares"
    share = (await service.client.post(address)).json()
    html = {"Accept": "text/html"}
    assert (await service.client.head(f"/s/{share['token']}", headers=html)).status_code == 200
    assert (await service.client.get(f"/s/{share['token']}", headers=html)).status_code == 200
    await asyncio.gather(*(task for task in asyncio.all_tasks() if "seen" in repr(task.get_coro())))
    [told] = (await service.client.get(address)).json()["items"]
    assert told["views"] <= 1
