"""Lists: filters, orders, and pages that are complete and hold no run twice."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from tests.store.samples import DAY, record
from webui.errors import InvalidInput
from webui.store import MAX_PAGE, RunQuery, RunSummary, Sort, Store
from webui.store.listing import folded, page_statement, written_cursor

pytestmark = pytest.mark.anyio

STATUSES = ("queued", "running", "stopping", "passed", "failed", "stopped", "interrupted", "error")
WORDS = ("Checkout", "basket", "ÄRGER", "100%", "a_b", "back\\slash", "日本")


async def pages(store: Store, query: RunQuery) -> list[RunSummary]:
    """All runs, page after page."""
    found: list[RunSummary] = []
    cursor = None
    while True:
        page = await store.list_runs(
            RunQuery(query.search, query.status, query.tag, query.sort, query.descending, query.limit, cursor)
        )
        assert len(page.items) <= query.limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.items) == query.limit


def made_up(rng: random.Random, number: int) -> dict[str, Any]:
    """Fields with many ties and many gaps."""
    return {
        "name": rng.choice(WORDS) + rng.choice(["", " x"]),
        "status": rng.choice(STATUSES),
        "target": f"http://{rng.choice('ab')}:8000",
        "tags": rng.sample(WORDS, rng.randrange(3)),
        "created_at": DAY + timedelta(seconds=rng.randrange(5)),
        "throughput_rps": rng.choice([None, 0.0, 1.5, 1000.25, 1e-9]),
        "p95_ms": rng.choice([None, 0.1, 12.0, 1 / 3]),
        "success_percent": rng.choice([None, 0.0, 99.99, 100.0]),
        "sent": rng.choice([None, 0, 7, 10**12]),
    }


def expected_key(run: RunSummary, sort: Sort) -> tuple[Any, ...]:
    """What the order is by, said a second time in Python."""

    def measured(value: float | None) -> float:
        return -1 if value is None else value

    keys: dict[str, tuple[Any, ...]] = {
        "created": (run.created_at,),
        "name": ("".join(c.lower() if c.isascii() else c for c in run.name),),
        "status": (run.status, run.created_at),
        "target": (run.target,),
        "throughput": (measured(run.throughput_rps),),
        "p95": (measured(run.p95_ms),),
        "success": (measured(run.success_percent),),
        "requests": (measured(run.sent),),
    }
    return (*keys[sort], run.id)


@pytest.fixture
async def mixed(store: Store) -> tuple[Store, list[RunSummary]]:
    """Forty runs with many ties."""
    rng = random.Random(7)
    for number in range(40):
        await store.add_run(record(number, **made_up(rng, number)))
    everything = (await store.list_runs(RunQuery(limit=MAX_PAGE))).items
    return store, list(everything)


async def test_the_newest_run_comes_first(store: Store) -> None:
    for number in (2, 3, 1):
        await store.add_run(record(number))
    page = await store.list_runs(RunQuery())
    assert [run.name for run in page.items] == ["Run 3", "Run 2", "Run 1"]
    assert (page.next_cursor, page.total) == (None, 3)


async def test_an_empty_store_has_one_empty_page(store: Store) -> None:
    page = await store.list_runs(RunQuery())
    assert (list(page.items), page.next_cursor, page.total) == ([], None, 0)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", get_args(Sort))
async def test_pages_are_complete_and_in_order(
    mixed: tuple[Store, list[RunSummary]], sort: Sort, descending: bool
) -> None:
    store, everything = mixed
    wanted = sorted(everything, key=lambda run: expected_key(run, sort), reverse=descending)
    for limit in (1, 7, 40):
        found = await pages(store, RunQuery(sort=sort, descending=descending, limit=limit))
        assert [run.id for run in found] == [run.id for run in wanted]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    search=st.sampled_from(["", "checkout", "ärger", "%", "_", "\\", "日", "check basket", "http a:", "zzz"]),
    status=st.sampled_from([None, "live", *STATUSES]),
    tag=st.sampled_from([None, *WORDS, "none such"]),
)
async def test_filters_let_through_exactly_what_they_name(
    mixed: tuple[Store, list[RunSummary]], search: str, status: str | None, tag: str | None
) -> None:
    store, everything = mixed

    def fits(run: RunSummary) -> bool:
        text = folded(run.name, run.target, *run.tags)
        states = ("queued", "running", "stopping") if status == "live" else (status or run.status,)
        return (
            all(word.casefold() in text for word in search.split())
            and run.status in states
            and (tag is None or tag in run.tags)
        )

    query = RunQuery(search, status, tag, limit=9)
    found = await pages(store, query)
    assert [run.id for run in found] == [run.id for run in everything if fits(run)]
    assert (await store.list_runs(query)).total == len(found)


async def test_runs_added_and_deleted_meanwhile_shift_no_page(store: Store) -> None:
    for number in range(100, 130):
        await store.add_run(record(number))
    first = await store.list_runs(RunQuery(limit=10))
    await store.add_run(record(999))
    await store.delete_run(first.items[-1].id)  # the very run at which the page ended
    second = await store.list_runs(RunQuery(limit=10, cursor=first.next_cursor))
    assert [run.name for run in second.items] == [f"Run {number}" for number in range(119, 109, -1)]


@pytest.mark.parametrize(
    "cursor",
    ["x", "%%%", "W10", "eyJhIjoxfQ", "WyJjcmVhdGVkIix0cnVlLCJ4IiwieSJd", "WzFd" * 500, "é", "W" * 4001],
)
async def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await store.list_runs(RunQuery(cursor=cursor))
    assert caught.value.problems[0].field == "cursor"


@pytest.mark.parametrize(
    "place",
    [
        ["requests", True, 10**30, "r"],
        ["requests", True, True, "r"],
        ["p95", True, 10**400, "r"],
        ["created", True, "2026-11-22T12:00:00", "r"],
        ["created", True, "0001-01-01T00:00:00+23:00", "r"],
        ["created", True, "9999-12-31T23:59:59-23:00", "r"],
        ["name", True, "\ud800", "r"],
        ["target", True, "x", "\ud800"],
    ],
)
async def test_a_cursor_to_a_place_that_no_row_can_have_is_refused(store: Store, place: list[Any]) -> None:
    with pytest.raises(InvalidInput):
        await store.list_runs(RunQuery(sort=place[0], cursor=written_cursor(place)))


async def test_text_with_a_nul_is_kept_and_looked_for(store: Store) -> None:
    """PostgreSQL's text cannot hold one."""
    await store.add_run(record(name="a\0b", note="\0", tags=["x\0"]))
    for query in (RunQuery(search="a\0b"), RunQuery(search="\0"), RunQuery(tag="x\0")):
        assert (await store.list_runs(query)).total == 1, query
    assert (await store.list_runs(RunQuery(target="127\0"))).total == 0
    behind = written_cursor(["name", False, "a\0", "r"])
    assert len((await store.list_runs(RunQuery(sort="name", descending=False, cursor=behind))).items) == 1
    assert (await store.list_runs(RunQuery(search="b\0"))).total == 0
    assert await store.get_run("\0") is None
    assert await store.ids_beginning("\0") == []


@given(cursor=st.text(max_size=80) | st.binary(max_size=60).map(lambda data: data.hex()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
async def test_any_text_is_a_cursor_or_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        await store.list_runs(RunQuery(cursor=cursor))


async def test_a_cursor_of_another_order_is_refused(store: Store) -> None:
    for number in range(3):
        await store.add_run(record(number))
    cursor = (await store.list_runs(RunQuery(limit=1))).next_cursor
    for query in (RunQuery(sort="name", cursor=cursor), RunQuery(descending=False, cursor=cursor)):
        with pytest.raises(InvalidInput):
            await store.list_runs(query)


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
async def test_a_limit_out_of_bounds_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(InvalidInput):
        await store.list_runs(RunQuery(limit=limit))


async def test_an_unknown_sort_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput):
        await store.list_runs(RunQuery(sort="price"))  # type: ignore[arg-type]


async def test_every_order_is_read_from_an_index(store: Store) -> None:
    """Without a sort step, so that a page costs the same however many runs there are."""
    await store.add_runs([record(number) for number in range(200)])
    on_server = store._database.dialect == "postgresql"
    dialect = postgresql.dialect() if on_server else sqlite.dialect()
    async with store._database.writing() as connection:
        if on_server:
            await connection.exec_driver_sql("ANALYZE runs")
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # 200 runs are read faster so
        for sort in get_args(Sort):
            statement = page_statement(RunQuery(sort=sort))
            compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            explain = "EXPLAIN" if on_server else "EXPLAIN QUERY PLAN"
            plan = [row[-1] for row in await connection.exec_driver_sql(f"{explain} {compiled}")]
            assert not any("TEMP B-TREE" in step or "Sort" in step for step in plan), (sort, plan)
