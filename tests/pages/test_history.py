"""All runs, searched, filtered, sorted and paged, and the error pages."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.api.conftest import Service
from webui.pages.history import Listing

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
    monkeypatch.setattr("webui.pages.history.PAGE_LENGTH", 1)
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
