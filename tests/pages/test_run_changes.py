"""Changing a live run over its page: the form, what it says, and what is marked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.conftest import Service
from tests.pages.test_run_page import HTMX, chart_data
from webui.errors import InvalidInput
from webui.pages.run_controls import changes_from, controls_of, rate_step
from webui.plan.documents import plan_from_data
from webui.runs.changes import RunChange
from webui.runs.live import LiveRun
from webui.runs.model import RunView
from webui.runs.state import RunStatus

pytestmark = pytest.mark.anyio
RATE = {"shape": "constant-rate", "rate_rps": 500, "duration_s": 60}


def view_of(load: dict[str, Any], *changes: RunChange, status: RunStatus = RunStatus.RUNNING) -> RunView:
    plan = plan_from_data({"base_url": "http://host.test", "requests": [{"path": "/"}], "load": load})
    live = LiveRun("r_1", plan)
    return RunView(id="r_1", name="x", plan=plan, status=status, created_at=live.created_at, changes=changes)


async def test_a_change_is_asked_for_and_shown_as_such(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    answer = await service.client.post(f"/runs/{launch.run_id}/change", data={"users": "1,200"}, headers=HTMX)
    assert answer.status_code == 200
    assert re.findall(r'hx-target="(.*?)"', answer.text) == ["#change-problem"]  # the rest is the stream's
    assert launch.changes == [(1, "users", 1200.0)]
    page = (await service.client.get(f"/runs/{launch.run_id}")).text
    assert '<data value="1200" data-applying>' in page
    assert "2 to 1,200 users at 0:0" in page
    assert chart_data(page)["marks"] == []  # only what took effect


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"by": "more", "users": "2"}, ("users", 12.0)),
        ({"by": "less", "users": "2"}, ("users", 1.0)),
        ({"paused": "true"}, ("pause", None)),
        ({"add_time": "1 min"}, ("add_time", 60.0)),
    ],
)
async def test_the_form_works_without_javascript(
    service: Service, fields: dict[str, str], told: tuple[str, float | None]
) -> None:
    launch = await service.started()
    address = f"/runs/{launch.run_id}"
    answer = await service.client.post(f"{address}/change", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert launch.changes == [(1, *told)]


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"users": "many"}, 422, "Write a whole number such as 50"),
        ({"users": "0"}, 422, "Must be a whole number from 1 to 100,000."),
        ({"add_time": "soon"}, 422, "Write a time such as 30s"),
        ({"rate_rps": "5"}, 409, "The rate cannot be changed"),
        ({}, 422, "Say what to change."),
    ],
)
async def test_what_cannot_be_is_said_in_its_place(
    service: Service, fields: dict[str, str], status: int, words: str
) -> None:
    launch = await service.started()
    for headers in ({}, HTMX):
        answer = await service.client.post(f"/runs/{launch.run_id}/change", data=fields, headers=headers)
        assert answer.status_code == status
        assert words in answer.text
    assert launch.changes == []


async def test_an_ended_or_unknown_run_is_not_changed(service: Service) -> None:
    run_id = await service.ended(await service.started())
    answer = await service.client.post(f"/runs/{run_id}/change", data={"paused": "true"})
    assert answer.status_code == 409
    assert "This test has ended already." in answer.text
    assert (await service.client.post("/runs/r_unknown000/change", data={})).status_code == 404


async def test_paused_is_written_on_the_page(service: Service) -> None:
    launch = await service.started()
    await service.client.post(f"/runs/{launch.run_id}/change", data={"paused": "true"})
    page = (await service.client.get(f"/runs/{launch.run_id}")).text
    assert re.search(r'id="pill">.*?Paused</span>', page, re.DOTALL)
    assert "Resume</button>" in page
    assert "The load is paused." in page


async def test_a_shared_page_changes_nothing(service: Service) -> None:
    launch = await service.started()
    share = await service.store.add_share(launch.run_id)
    page = (await service.client.get(f"/s/{share.token}")).text
    assert "/change" not in page
    assert "controls.js" not in page


@pytest.mark.parametrize(
    ("load", "stepper", "pause", "more_time"),
    [
        ({"users": 5, "duration_s": 9}, ("users", 5), True, True),
        ({"users": 5}, ("users", 5), True, False),
        ({"shape": "ramping-users", "stages": [{"duration_s": 9, "users": 5}]}, ("users", 0), True, True),
        (RATE, ("rate_rps", 500), True, True),
        ({"shape": "burst", "size": 5}, None, True, False),
        ({"shape": "sweep", "to": 8}, None, True, False),
    ],
)
def test_only_what_fits_the_shape_can_be_changed(
    load: dict[str, Any], stepper: tuple[str, float] | None, pause: bool, more_time: bool
) -> None:
    controls = controls_of(view_of(load))
    assert controls is not None
    found = controls.stepper
    assert (None if found is None else (found.kind, found.value)) == stepper
    assert (controls.can_pause, controls.can_add_time) == (pause, more_time)
    assert controls_of(view_of(load, status=RunStatus.STOPPING)) is None


def test_the_stepper_counts_from_what_was_last_asked_for() -> None:
    asked = RunChange(1, "rate", 90.0, 3.0, applied=False)
    view = view_of(RATE, asked)
    controls = controls_of(view)
    assert controls is not None
    assert controls.stepper is not None
    assert (controls.stepper.text, controls.stepper.applying) == ("90", True)
    assert changes_from({"by": "more"}, view) == {"rate_rps": 99}
    with pytest.raises(InvalidInput, match="write a rate"):
        changes_from({"rate_rps": "fast"}, view)


@pytest.mark.parametrize(("rate", "step"), [(500, 50), (123, 10), (180, 20), (7, 0.7), (0.5, 0.1), (0, 0.1)])
def test_a_rate_moves_by_about_a_tenth(rate: float, step: float) -> None:
    assert rate_step(rate) == pytest.approx(step)
