"""The comparison's page: what it shows, what it says of wrong addresses, and its share links."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.api.conftest import Service
from tests.runs.stored_runs import stored_run
from webui.exports.compared import COMPARED_CHARTS

pytestmark = pytest.mark.anyio


async def two(service: Service) -> str:
    """The address of a comparison of two runs, of which the second is twice as fast."""
    await stored_run(service.store, "a", document={"tags": ("workers=1",)})
    await stored_run(service.store, "b", each=400, ms=10, seed=2, document={"tags": ("workers=4",)})
    return "/compare?run=r_a&run=r_b"


async def text_of(service: Service, address: str, status: int = 200) -> str:
    answer = await service.client.get(address)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


async def test_two_runs_side_by_side(service: Service) -> None:
    page = await text_of(service, await two(service))
    assert "<h1>Compare 2 runs</h1>" in page
    assert "B is about twice as fast as A." in page
    workers = r'Workers \(label\)</th><td role="cell">1</td><td role="cell" class="chg">.*?4</td>'
    assert re.search(workers, page)
    rows = re.findall(r'<tr><th scope="row" class="nowrap">([^<]+)</th>', page)
    assert rows[:3] == ["Throughput, successes/s", "Requests sent, requests/s", "Mean"]
    assert page.count("faster</span>") == 8
    assert 'href="/compare?run=r_b&run=r_a"' in page  # another base
    assert '<th scope="row">200 OK</th>' in page
    assert "No request failed in any of the runs." in page
    for name in COMPARED_CHARTS:
        assert f'href="/api/v1/compare/charts/{name}.csv?run=r_a&run=r_b"' in page


async def test_failures_have_the_words_of_the_run_page(service: Service) -> None:
    await stored_run(service.store, "a", seconds=10, each=5, failures=2)
    await stored_run(service.store, "b", seconds=10, each=5)
    (words,) = re.findall(
        r'id="error-\S+"><th scope="row" .*?</span>([^<]+)</span></th>', await text_of(service, "/runs/r_a")
    )
    assert f'<th scope="row">{words}</th>' in await text_of(service, "/compare?run=r_a&run=r_b")


async def test_a_run_that_cannot_be_compared_says_why(service: Service) -> None:
    await stored_run(service.store, "a")
    await stored_run(service.store, "short", seconds=4)
    page = await text_of(service, "/compare?run=r_a&run=r_short")
    assert "Not comparable: it has 4 intervals, and 10 are needed; let it run for longer." in page
    assert "resampling blocks of each run (A: " in page
    assert ") 2,000 times." in page
    assert "A and B cannot be compared" in page


async def test_a_running_run_is_told_to_end_first(service: Service) -> None:
    await stored_run(service.store, "a")
    launch = await service.started()
    launch.second_passes()
    page = await text_of(service, f"/compare?run=r_a&run={launch.run_id}")
    assert "it has not ended yet; compare it when it has" in page


async def test_runs_without_data_have_a_page_too(service: Service) -> None:
    for name in ("a", "b"):
        await stored_run(service.store, name, seconds=0)
    page = await text_of(service, "/compare?run=r_a&run=r_b")
    assert "nothing was measured" in page
    assert "No run could be resampled, so there are no intervals." in page
    assert "No response came in any of the runs." in page


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("run=r_a&run=r_a", 422, "A run cannot be compared with itself."),
        ("run=r_a&run=r_gone", 404, "There is no run r_gone. It may have been deleted."),
        ("run=r_a&run=r_b&run=r_c&run=r_d&run=r_e&run=r_f", 422, "Five runs at most"),
        ("run=r_a", 200, "Add a run"),
        ("", 200, "Choose runs"),
        ("run=r_a&search=nothing-of-the-kind", 200, "No run fits"),
    ],
)
async def test_what_is_wrong_is_said_in_words(
    service: Service, query: str, status: int, sentence: str
) -> None:
    for name in "abcdef":
        await stored_run(service.store, name, seconds=10, each=5)
    assert sentence in await text_of(service, f"/compare?{query}", status)


async def test_before_there_are_runs_the_page_says_what_will_be_there(service: Service) -> None:
    assert "Once two tests have ended, their differences are shown here." in await text_of(
        service, "/compare"
    )


async def test_the_runs_to_choose_from_keep_those_chosen(service: Service) -> None:
    await stored_run(service.store, "a", seconds=10, each=5)
    await stored_run(service.store, "b", seconds=10, each=5)
    page = await text_of(service, "/compare?run=r_a&choose=1")
    assert '<input type="hidden" name="run" value="r_a">' in page
    assert re.findall(r'type="checkbox" name="run" value="(\w+)"', page) == ["r_b"]


async def test_a_run_page_leads_to_its_comparison(service: Service) -> None:
    await stored_run(service.store, "a", seconds=10, each=5)
    assert 'href="/compare?run=r_a"' in await text_of(service, "/runs/r_a")


SECRET = {
    "requests": [{"path": "/items?token=path-secret", "headers": {"Authorization": "Bearer head-secret"}}]
}


async def test_a_shared_comparison_shows_no_secret_and_leads_nowhere_else(service: Service) -> None:
    await stored_run(service.store, "a", **SECRET)
    await stored_run(service.store, "b", each=400, ms=10, **SECRET)
    answer = await service.client.post("/compare/shares", data={"run": ["r_a", "r_b"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/compare?run=r_a&run=r_b#share")
    owner = await text_of(service, "/compare?run=r_a&run=r_b")
    link = re.search(r'value="http://127\.0\.0\.1:8090(/s/[\w-]{32})"', owner)
    assert link
    shared = await service.client.get(link[1])
    assert shared.status_code == 200
    assert shared.headers["referrer-policy"] == "no-referrer"
    page = unescape(shared.text)
    assert "B is about twice as fast as A." in page
    assert "path-secret" not in page
    assert "head-secret" not in page
    assert "<form" not in page
    leads_to = {to for to in re.findall(r'href="(/[^"]*)"', page) if not to.startswith("/static/")}
    assert leads_to - {"/"} == {f"{link[1]}/charts/{name}.csv" for name in COMPARED_CHARTS}
    assert (await text_of(service, f"{link[1]}/charts/p95.csv")).startswith("Run,Name,From s,To s,p95 ms\r\n")
    for part in ("export/json", "plan.json", "intervals", "closer", "downloads", "title", "stream"):
        assert (await service.client.get(f"{link[1]}/{part}")).status_code == 404, part
    token = link[1].removeprefix("/s/")
    revoked = await service.client.post(f"/compare/shares/{token}/revoke", data={"run": ["r_a", "r_b"]})
    assert revoked.status_code == 303
    assert (await service.client.get(link[1])).status_code == 410


async def test_a_shared_comparison_says_until_when_it_opens(service: Service) -> None:
    await two(service)
    await service.client.post("/compare/shares", data={"run": ["r_a", "r_b"], "expires": "7"})
    (share,) = await service.store.shares("r_a")
    assert share.expires_at is not None
    page = await text_of(service, f"/s/{share.token}")
    assert f"read-only until {share.expires_at.astimezone():%-d %b %Y, %H:%M}" in page


async def test_links_of_comparisons_are_not_among_a_runs_own(service: Service) -> None:
    await two(service)
    await service.client.post("/compare/shares", data={"run": ["r_a", "r_b"]})
    assert "/s/" not in await text_of(service, "/runs/r_a")
    assert "/s/" not in await text_of(service, "/compare?run=r_b&run=r_a")


async def test_only_a_comparison_can_be_shared(service: Service) -> None:
    await stored_run(service.store, "a", seconds=10, each=5)
    for runs, status in ((["r_a"], 422), (["r_a", "r_a"], 422), (["r_a", "r_gone"], 404)):
        answer = await service.client.post("/compare/shares", data={"run": runs})
        assert answer.status_code == status
