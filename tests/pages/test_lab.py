"""`/lab` without processes and without load: what it shows, and what its forms do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.conftest import Service
from webui.analysis.diagnosed import DiagnosisPart, Estimate
from webui.lab.registry import TARGETS, find
from webui.pages.lab_answers import COOKIE, answers_of
from webui.pages.lab_tests import setup_of_tags, tags_of

pytestmark = pytest.mark.anyio
HTMX = {"HX-Request": "true"}


async def page(service: Service, **options: Any) -> str:
    answer = await service.client.get("/lab", **options)
    assert answer.status_code == 200
    return answer.text


def card(html: str, name: str) -> str:
    """One card's part of the page."""
    found = re.search(rf'<article class="card lab-card" id="{name}".*?</article>', html, re.S)
    assert found is not None
    return found[0]


async def diagnosed(service: Service, found: DiagnosisPart | None) -> str:
    """Starts and tests the target `threads`; its run ends with this diagnosis."""
    await service.client.post("/lab/threads", data={"do": "test", "workers": "1", "option-threads": "40"})
    [view] = service.manager.live_runs()
    live = service.manager.get_live(view.id)
    assert live is not None
    async with live.channel.subscribe() as events:
        await service.manager.stop(view.id)
        async for _ in events:
            pass
    result = (await service.client.get(f"/api/v1/runs/{view.id}")).json()
    diagnosis = None if found is None else found.model_dump(mode="json", by_alias=True)
    await service.store.finish_run(view.id, result={**result, "diagnosis": diagnosis})
    return view.id


FOUND = DiagnosisPart(
    pattern="fixed-slots",
    headline="This service handles 40 requests at a time.",
    effective_parallelism=Estimate(value=40.1, low=39.2, high=41.0),
)


async def test_every_target_has_a_card_with_its_source_and_its_question(service: Service) -> None:
    html = await page(service)
    for target in TARGETS:
        shown = card(html, target.name)
        assert shown.count('type="radio" name="choice"') == len(target.question.choices)
        assert target.question.because not in shown  # not before there is a diagnosis
    assert "time.sleep" in re.sub(r"<[^>]+>", "", card(html, "threads"))
    assert 'aria-current="page">Practice targets' in html


async def test_a_target_is_started_shown_and_stopped(service: Service) -> None:
    started = await service.client.post("/lab/threads", data={"workers": "2", "option-threads": "80"})
    assert (started.status_code, started.headers["location"]) == (303, "/lab#threads")
    [running] = service.lab.running()
    assert running.at_a_time == 160
    shown = card(await page(service), "threads")
    assert running.url in shown
    assert "2 workers, threads 80" in shown
    for _ in range(2):  # two tabs
        stopped = await service.client.post(f"/lab/threads/running/{running.id}/stop")
        assert stopped.status_code == 303
    assert service.lab.running() == ()


async def test_starting_the_same_twice_leaves_one_and_another_setup_makes_two(service: Service) -> None:
    for workers in ("1", "1", "4"):
        await service.client.post("/lab/gather", data={"workers": workers})
    assert [each.workers for each in service.lab.running()] == [1, 4]


async def test_what_cannot_start_is_said_on_its_card_with_what_was_typed(service: Service) -> None:
    for headers in ({}, HTMX):
        answer = await service.client.post("/lab/threads", data={"option-threads": "many"}, headers=headers)
        assert answer.status_code == 422
        assert "Write a whole number" in answer.text
    whole = await service.client.post("/lab/threads", data={"option-threads": "many"})
    assert 'value="many"' in card(whole.text, "threads")
    service.lab.broken = True
    failed = await service.client.post("/lab/gather", data={}, headers=HTMX)
    assert failed.status_code == 503
    assert "The practice target gather ended before it answered." in failed.text
    assert (await service.client.post("/lab/nothing", data={})).status_code == 404


async def test_a_target_that_died_is_not_tested_but_said(service: Service) -> None:
    running = await service.lab.start("threads")
    await service.lab.die(running.id)
    answer = await service.client.post(f"/lab/threads/running/{running.id}/test", headers=HTMX)
    assert answer.status_code == 409
    assert "not running any more" in answer.text
    assert service.manager.live_runs() == []


async def test_the_test_is_a_sweep_with_the_targets_canary(service: Service) -> None:
    running = await service.lab.start("semaphore", workers=2, options={"calls": 7})
    answer = await service.client.post(f"/lab/semaphore/running/{running.id}/test", headers=HTMX)
    assert answer.status_code == 200
    [view] = service.manager.live_runs()
    assert (view.plan.load.shape, view.plan.canary) == ("sweep", "/ping")
    assert view.plan.base_url == running.base_url
    assert f'href="/runs/{view.id}"' in answer.text
    assert setup_of_tags(find("semaphore"), view.tags) == running.setup


async def test_the_answer_is_remembered_by_the_browser_and_judged_when_there_is_a_diagnosis(
    service: Service,
) -> None:
    question = find("threads").question
    wrong = (question.choices.index(question.answer) + 1) % len(question.choices)
    await service.client.post("/lab/threads/answer", data={"choice": wrong})
    assert answers_of(service.client.cookies) == {"threads": wrong}
    assert question.because not in await page(service)
    run_id = await diagnosed(service, FOUND)
    shown = card(await page(service), "threads")
    assert FOUND.headline in shown
    assert "As expected." in shown
    assert "Fixed slots, 40.1 at a time" in shown
    assert f"You predicted “{question.choices[wrong]}”." in shown
    assert question.because in shown
    assert f"/runs/{run_id}" in shown

    await service.client.post("/lab/threads/answer", data={})  # answer again
    shown = card(await page(service), "threads")
    assert "Answer the question first" in shown
    assert question.because not in shown
    right = question.choices.index(question.answer)
    await service.client.post("/lab/threads/answer", data={"choice": right})
    assert "You predicted right." in card(await page(service), "threads")


async def test_a_wrong_or_missing_diagnosis_is_said(service: Service) -> None:
    await service.client.post("/lab/threads/answer", data={"choice": 0})
    await diagnosed(service, FOUND.model_copy(update={"effective_parallelism": Estimate(value=33.3)}))
    shown = card(await page(service), "threads")
    assert "The pattern is as expected, the number is not." in shown
    assert "As expected." not in shown
    await diagnosed(service, FOUND.model_copy(update={"pattern": "scales"}))
    assert "Not as expected." in card(await page(service), "threads")
    await diagnosed(service, None)
    shown = card(await page(service), "threads")
    assert "ended without a diagnosis: stopped. By you at " in shown


async def test_the_page_asks_for_what_has_changed(service: Service) -> None:
    seen = re.search(r"/lab/changes\?seen=([\w.]+)", await page(service))
    assert seen is not None
    same = await service.client.get("/lab/changes", params={"seen": seen[1]})
    assert same.status_code == 204
    await service.lab.start("lock")  # another tab
    other = await service.client.get("/lab/changes", params={"seen": seen[1]})
    assert 'hx-target="#now-lock"' in other.text
    assert 'hx-target="#now-threads"' not in other.text
    assert "1 running" in other.text


async def test_without_the_extra_the_card_says_how_to_install_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.pages.lab.extra_installed", lambda: False)
    html = await page(service)
    assert "katydid[lab]" in card(html, "flask-sync")
    assert "Start and test" not in card(html, "flask-sync")
    assert "extra lab not installed" in card(html, "threads")


def test_answers_survive_a_cookie_that_somebody_edited() -> None:
    assert answers_of({COOKIE: "threads:2.lock:x..gather:1:1.cpu:0"}) == {"threads": 2, "cpu": 0}
    assert answers_of({}) == {}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_setup_is_told_by_the_labels_of_its_test(target: Any) -> None:
    usual = target.setup()
    changed = target.setup(options={option.name: option.low for option in target.options})
    for setup in (usual, changed):
        assert setup_of_tags(target, tags_of(target, setup)) == setup
    assert setup_of_tags(target, ("practice",)) is None
