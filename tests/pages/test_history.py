"""All runs, searched, filtered, sorted and paged, and the error pages."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.api.conftest import Service
from webui.pages.listing import Listing
from webui.store import RunQuery

pytestmark = pytest.mark.anyio


async def names(service: Service, address: str) -> list[str]:
    response = await service.client.get(address)
    assert response.status_code == 200
    return re.findall(r'class="name" href="[^"]+">([^<]+)<', response.text)


async def linked(service: Service, address: str, rel: str) -> str:
    """Where the page's link of that kind leads."""
    page = (await service.client.get(address)).text
    link = re.search(rf'href="([^"]+)"[^>]*rel="{rel}"', page)
    assert link
    return unescape(link[1])


@pytest.fixture
async def three(service: Service) -> Service:
    await service.start(name="Lamps", tags=["workers=1"])
    await service.start(name="Chairs", tags=["workers=2"])
    await service.start(name="Tables", base_url="http://other.example", tags=["workers=2"])
    return service


async def test_newest_first(three: Service) -> None:
    assert await names(three, "/runs") == ["Tables", "Chairs", "Lamps"]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/runs?search=CHAIR", ["Chairs"]),
        ("/runs?search=other.example", ["Tables"]),
        ("/runs?tag=workers%3D2", ["Tables", "Chairs"]),
        ("/runs?status=live", ["Tables", "Chairs", "Lamps"]),
        ("/runs?status=passed", []),
        ("/runs?sort=name&order=asc", ["Chairs", "Lamps", "Tables"]),
        ("/runs?search=%27%22%3C%25_", []),
    ],
)
async def test_search_filter_and_order(three: Service, address: str, found: list[str]) -> None:
    assert await names(three, address) == found


async def test_what_is_typed_stands_in_the_form(three: Service) -> None:
    page = (await three.client.get("/runs?search=%3Cb%3E&status=passed")).text
    assert 'value="&lt;b&gt;"' in page
    assert '<option value="passed" selected>' in page
    assert "No run fits" in page


async def test_pages_follow_one_another(three: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.pages.listing.PAGE_LENGTH", 1)
    address = "/runs?sort=name&order=asc"
    there = ["Chairs", "Lamps", "Tables"]
    for name in there[:-1]:
        assert await names(three, address) == [name]
        address = await linked(three, address, "next")
    for name in reversed(there[1:]):
        assert await names(three, address) == [name]
        address = await linked(three, address, "prev")
    assert await names(three, address) == ["Chairs"]
    assert address == "/runs?sort=name&order=asc"
    page = (await three.client.get(address)).text
    assert "First page" not in page
    assert "Previous page" not in page


def test_a_long_trail_keeps_the_nearest_pages() -> None:
    listing = Listing()
    for number in range(1, 100):
        address = listing.following(str(number))
        listing = Listing(cursor=str(number), trail=tuple(re.findall(r"trail=(\d*)", address)))
    assert (listing.trail[0], listing.trail[-1]) == ("39", "98")
    assert listing.previous is not None
    assert "cursor=98&" in listing.previous
    assert Listing(cursor="5").previous is None
    assert Listing(cursor="5", trail=("",)).previous == "/runs"


async def test_a_forms_empty_fields_leave_the_address(three: Service) -> None:
    response = await three.client.get("/runs?search=lamp&status=&tag=&sort=created&order=desc")
    assert response.status_code == 303
    assert response.headers["location"] == "/runs?search=lamp"
    unknown = await three.client.get("/runs?sort=size&status=lost")
    assert unknown.headers["location"] == "/runs"


async def test_a_broken_cursor_is_a_422_page(three: Service) -> None:
    response = await three.client.get("/runs?cursor=nonsense")
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("text/html")
    assert "cursor" in response.text


def test_columns_turn_round_when_asked_twice() -> None:
    listing = Listing(search="a b", sort="p95", cursor="abc")
    assert listing.sorted_by("p95") == "/runs?search=a+b&sort=p95&order=asc"
    assert listing.sorted_by("name") == "/runs?search=a+b&sort=name&order=asc"
    assert listing.sorted_by("success") == "/runs?search=a+b&sort=success"
    assert listing.aria_sort("p95") == "descending"
    assert listing.aria_sort("name") is None


@pytest.mark.parametrize(("path", "status"), [("/nothing-here", 404), ("/runs/r_none", 404)])
async def test_what_is_not_there_is_a_page_with_a_way_on(service: Service, path: str, status: int) -> None:
    response = await service.client.get(path)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert "There is nothing at this address" in response.text
    assert 'href="/runs"' in response.text


async def test_a_store_that_is_gone_is_a_503_page(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from webui.errors import StoreUnavailable

    async def gone(*_: object) -> None:
        raise StoreUnavailable("The database is locked by another program.")

    monkeypatch.setattr(service.store, "list_runs", gone)
    response = await service.client.get("/runs")
    assert response.status_code == 503
    assert "The database is locked by another program." in response.text


# -- deleting, pinning, labelling ----------------------------------------------------------------------


async def ended(service: Service, **plan: object) -> str:
    return await service.ended(await service.started(**plan))


async def test_a_deletion_can_be_undone_where_it_is_told(service: Service) -> None:
    run_id = await ended(service)
    gone = await service.client.post("/runs/delete", data={"run": run_id, "back": "/runs?search=items"})
    assert gone.headers["location"] == f"/runs?search=items&deleted={run_id}"
    page = (await service.client.get(gone.headers["location"])).text
    assert "can be brought back within 7 days" in page
    assert f'name="run" value="{run_id}"' in page
    deleted = await service.client.get(f"/runs/{run_id}")
    assert deleted.status_code == 410
    assert "This test was deleted" in deleted.text
    back = await service.client.post("/runs/restore", data={"run": run_id, "back": "/runs"})
    assert back.headers["location"] == "/runs"
    assert (await service.client.get(f"/runs/{run_id}")).status_code == 200


async def test_a_live_run_stays_and_the_page_says_so(service: Service) -> None:
    run_id = await service.start()
    answer = await service.client.post("/runs/delete", data={"run": [run_id]})
    assert answer.headers["location"] == "/runs?kept=1"
    assert "has not ended cannot be deleted" in (await service.client.get("/runs?kept=1")).text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/runs/../lab", "/runsx"])
async def test_nobody_is_sent_elsewhere_afterwards(service: Service, back: str) -> None:
    answer = await service.client.post("/runs/restore", data={"run": "r_x", "back": back})
    assert answer.headers["location"] == "/runs"


async def test_pinned_runs_stand_first_too(three: Service) -> None:
    [lamps] = (await three.store.list_runs(RunQuery(search="lamps"))).items
    await three.client.post(f"/runs/{lamps.id}/pin", data={"pinned": "true"})
    assert await names(three, "/runs") == ["Lamps", "Tables", "Chairs", "Lamps"]
    assert await names(three, "/runs?pinned=yes") == ["Lamps"]
    await three.client.post(f"/runs/{lamps.id}/pin", data={"pinned": "false"})
    assert await names(three, "/runs") == ["Tables", "Chairs", "Lamps"]


async def test_labels_are_edited_and_a_mistake_keeps_what_was_typed(service: Service) -> None:
    run_id = await ended(service)
    wrong = await service.client.post(f"/runs/{run_id}/edit", data={"name": "x" * 201, "tags": "a, b"})
    assert wrong.status_code == 422
    assert 'value="a, b"' in wrong.text
    good = await service.client.post(
        f"/runs/{run_id}/edit", data={"name": "New", "tags": "a, b,", "note": "Line\r\nnext"}
    )
    assert good.status_code == 303
    record = await service.store.get_run(run_id)
    assert record is not None
    assert (record.name, record.tags, record.note) == ("New", ("a", "b"), "Line\nnext")


async def test_labels_and_note_stand_on_the_runs_page_as_they_are_now(service: Service) -> None:
    run_id = await ended(service)
    edited = {"tags": ["after the start"], "note": "Why it was measured"}
    await service.client.patch(f"/api/v1/runs/{run_id}", json=edited)
    page = (await service.client.get(f"/runs/{run_id}")).text
    assert f'href="/runs/{run_id}/edit"' in page
    assert 'href="/runs?tag=after%20the%20start"' in page
    assert ">Why it was measured</p>" in page
    token = (await service.client.post(f"/api/v1/runs/{run_id}/shares")).json()["token"]
    shared = (await service.client.get(f"/s/{token}")).text
    assert ">Why it was measured</p>" in shared
    assert "/runs?tag=" not in shared


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/runs?target=other.example", ["Tables"]),
        ("/runs?since=2000-01-01&until=2000-01-02", []),
        ("/runs?since=2000-01-01", ["Tables", "Chairs", "Lamps"]),
    ],
)
async def test_address_and_time(three: Service, address: str, found: list[str]) -> None:
    assert await names(three, address) == found


async def test_runs_by_plan_lead_to_the_plans_trend(service: Service) -> None:
    for _ in range(2):
        await ended(service, name="Lamps")
    await ended(service, name="Chairs", base_url="http://other.example")
    assert await names(service, "/runs?group=plan") == ["Chairs", "Lamps"]
    page = (await service.client.get("/runs?group=plan")).text
    links = re.findall(r'class="name" href="(/runs\?plan=[0-9a-f]{64})"', page)
    plan = (await service.client.get(links[1])).text
    assert plan.count('class="trend-fig') == 4  # too few requests for a p99
    assert "p95 over 2 runs" in plan
    assert await names(service, links[1]) == ["Lamps", "Lamps"]
    assert "No runs of this plan" in (await service.client.get("/runs?plan=abc")).text


async def test_a_baseline_is_chosen_on_the_run_page_and_the_next_run_shows_the_difference(
    service: Service,
) -> None:
    first = await ended(service)
    chosen = await service.client.post(f"/runs/{first}/baseline", data={"wanted": "true"})
    assert chosen.headers["location"] == f"/runs/{first}#baseline"
    assert "No longer the baseline" in (await service.client.get(f"/runs/{first}")).text
    page = (await service.client.get(f"/runs/{await ended(service)}")).text
    assert "Differences from the baseline" in page
    assert f'href="/runs/{first}"' in page
    await service.client.post(f"/runs/{first}/baseline", data={"wanted": "false"})
    assert "Make this the baseline" in (await service.client.get(f"/runs/{first}")).text
