"""`/metrics` of the application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text

from tests.api.conftest import Service
from webui.observability import Watch

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def watch(service: Service) -> AsyncIterator[None]:
    async with Watch(service.manager, service.store, service.app.state.settings) as watch:
        service.app.state.watch = watch
        yield


async def test_a_run_is_there_with_its_name(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    response = await service.client.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    found = {sample.name: sample for family in text(response.text) for sample in family.samples}
    assert found["katydid_run_info"].labels["name"] == "Items"
    assert found["katydid_requests_sent_total"].value == 10
    assert found["katydid_store_up"].value == 1


async def test_openmetrics_is_written_where_it_is_asked_for(service: Service) -> None:
    await service.started()
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    response = await service.client.get("/metrics", headers={"Accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    kinds = {family.name: family.type for family in open_metrics(response.text)}
    assert kinds["katydid_run"] == "info"
    assert kinds["katydid_run_status"] == "stateset"
