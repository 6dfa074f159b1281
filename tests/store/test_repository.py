"""Runs, snapshots and share links go in and come out as they are."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError

from tests.store.samples import DAY, record
from webui.errors import NotFound
from webui.store import RunQuery, Store

pytestmark = pytest.mark.anyio


async def test_a_run_comes_out_as_it_went_in(store: Store) -> None:
    run = record(
        name="Zürich ✓",
        status_reason="waits",
        note="two\nlines",
        tags=("checkout", "ünïcode"),
        load="50 users for 30 s",
        planned_s=30.0,
        started_at=DAY,
        owner="host:1:x",
        heartbeat_at=DAY,
        shards=2,
        load_s=29.5,
        throughput_rps=812.25,
        p95_ms=12.5,
        success_percent=99.75,
        sent=24_000_000_000,
        spark=(0.0, 1.5, 3.0),
        result={"schema": "katydid.run/1", "snapshots": [{"t_s": 1.0, "p50_ms": None}]},
    )
    await store.add_run(run)
    assert await store.get_run(run.id) == run


async def test_what_was_not_measured_stays_unknown(store: Store) -> None:
    run = record()
    await store.add_run(run)
    found = await store.get_run(run.id)
    assert found is not None
    assert (found.throughput_rps, found.sent, found.result, found.ended_at) == (None, None, None, None)


async def test_moments_keep_their_instant_whatever_their_zone(store: Store) -> None:
    local = datetime(2026, 11, 22, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    await store.add_run(record(created_at=local))
    found = await store.get_run(record().id)
    assert found is not None
    assert found.created_at == local
    assert found.created_at.utcoffset() == timedelta(0)


async def test_an_unknown_run_is_none(store: Store) -> None:
    assert await store.get_run("r_nothing") is None
    assert await store.snapshots("r_nothing") == []
    assert await store.shares("r_nothing") == []


async def test_a_second_run_of_the_same_id_is_refused_and_changes_nothing(store: Store) -> None:
    await store.add_run(record(name="first"))
    with pytest.raises(ValueError, match="already"):
        await store.add_run(record(name="second"))
    found = await store.get_run(record().id)
    assert found is not None
    assert found.name == "first"


async def test_update_sets_what_is_given_and_leaves_the_rest(store: Store) -> None:
    run = record(tags=("a",), shards=1)
    await store.add_run(run)
    await store.update_run(run.id, status="running", started_at=DAY, load_s=None)
    assert await store.get_run(run.id) == replace(run, status="running", started_at=DAY)


async def test_finish_sets_figures_and_result_together(store: Store) -> None:
    run = record(status="running")
    await store.add_run(run)
    result = {"status": "passed", "snapshots": [{"t_s": float(i)} for i in range(1200)]}
    await store.finish_run(
        run.id, status="passed", ended_at=DAY, load_s=30.0, throughput_rps=10.0, spark=[1.0], result=result
    )
    found = await store.get_run(run.id)
    assert found is not None
    assert (found.status, found.throughput_rps, found.spark, found.result) == ("passed", 10.0, (1.0,), result)


async def test_a_result_with_a_number_that_is_none_is_refused_whole(store: Store) -> None:
    await store.add_run(record())
    with pytest.raises(ValueError, match="not JSON compliant"):
        await store.finish_run(record().id, status="passed", result={"mean": math.nan})
    found = await store.get_run(record().id)
    assert found is not None
    assert found.status == "queued"


async def test_changes_to_an_unknown_run_say_so(store: Store) -> None:
    for change in (
        store.update_run("r_gone", status="passed"),
        store.update_run("r_gone", tags=["a"]),
        store.finish_run("r_gone", status="passed", result={}),
        store.delete_run("r_gone"),
        store.put_snapshots("r_gone", [(0, b"x")]),
        store.replace_snapshots("r_gone", [(0, b"x")]),
        store.add_share("r_gone"),
        store.revoke_share("r_gone", "token"),
    ):
        with pytest.raises(NotFound):
            await change


async def test_new_tags_and_names_are_found_and_old_ones_are_not(store: Store) -> None:
    await store.add_run(record(name="Checkout", tags=["nightly"]))
    await store.update_run(record().id, name="Basket", tags=["Weekly", "Weekly"])
    for query, expected in (
        (RunQuery(search="basket"), 1),
        (RunQuery(search="weekly"), 1),
        (RunQuery(tag="Weekly"), 1),
        (RunQuery(search="checkout"), 0),
        (RunQuery(tag="nightly"), 0),
    ):
        assert (await store.list_runs(query)).total == expected, query


# -- snapshots ---------------------------------------------------------------------------------------------


async def test_snapshots_come_back_in_the_order_of_their_positions(store: Store) -> None:
    await store.add_run(record())
    await store.put_snapshots(record().id, [(2, b"c"), (0, b"a"), (10, b"d")])
    await store.put_snapshots(record().id, [(1, b"b")])
    assert await store.snapshots(record().id) == [b"a", b"b", b"c", b"d"]


async def test_a_snapshot_at_a_taken_position_replaces_the_one_there(store: Store) -> None:
    await store.add_run(record())
    await store.put_snapshots(record().id, [(0, b"a"), (1, b"half")])
    await store.put_snapshots(record().id, [(1, b"whole"), (2, b"c")])
    assert await store.snapshots(record().id) == [b"a", b"whole", b"c"]


async def test_replacing_leaves_only_the_new_rows_of_that_run(store: Store) -> None:
    await store.add_run(record(1))
    await store.add_run(record(2))
    await store.put_snapshots(record(1).id, [(i, bytes([i])) for i in range(250)])
    await store.put_snapshots(record(2).id, [(0, b"other")])
    await store.replace_snapshots(record(1).id, [(i, b"merged") for i in range(125)])
    assert await store.snapshots(record(1).id) == [b"merged"] * 125
    assert await store.snapshots(record(2).id) == [b"other"]


async def test_a_replacement_that_fails_changes_nothing(store: Store) -> None:
    await store.add_run(record())
    await store.put_snapshots(record().id, [(0, b"a"), (1, b"b")])
    with pytest.raises(IntegrityError):  # the second row breaks the table's rule
        await store.replace_snapshots(record().id, [(0, b"ab"), (1, None)])  # type: ignore[list-item]
    assert await store.snapshots(record().id) == [b"a", b"b"]


async def test_writing_no_snapshots_is_fine(store: Store) -> None:
    await store.add_run(record())
    await store.put_snapshots(record().id, [])
    assert await store.snapshots(record().id) == []


async def test_deleting_a_run_leaves_nothing_of_it(store: Store) -> None:
    for number in (1, 2):
        await store.add_run(record(number, tags=["a"]))
        await store.put_snapshots(record(number).id, [(0, b"x")])
        await store.add_share(record(number).id)
    await store.delete_run(record(1).id)
    tables = ("runs", "run_tags", "documents", "snapshots", "shares")
    async with store._database.reading() as connection:
        counts = [
            (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in tables
        ]
    assert counts == [1, 1, 1, 1, 1]


# -- share links -------------------------------------------------------------------------------------------


async def test_a_share_is_found_by_its_token_until_and_after_it_is_revoked(store: Store) -> None:
    await store.add_run(record())
    share = await store.add_share(record().id)
    assert await store.share(share.token) == share
    assert share.revoked_at is None
    await store.revoke_share(record().id, share.token)
    revoked = await store.share(share.token)
    assert revoked is not None
    assert revoked.revoked_at is not None


async def test_revoking_twice_keeps_the_first_moment(store: Store) -> None:
    await store.add_run(record())
    share = await store.add_share(record().id)
    await store.revoke_share(record().id, share.token)
    first = await store.share(share.token)
    await store.revoke_share(record().id, share.token)
    assert await store.share(share.token) == first


async def test_a_share_is_revoked_only_through_its_own_run(store: Store) -> None:
    await store.add_run(record(1))
    await store.add_run(record(2))
    share = await store.add_share(record(1).id)
    with pytest.raises(NotFound):
        await store.revoke_share(record(2).id, share.token)
    assert await store.share(share.token) == share


async def test_shares_are_listed_oldest_first_with_unlike_tokens(store: Store) -> None:
    await store.add_run(record())
    made = [await store.add_share(record().id) for _ in range(5)]
    assert await store.shares(record().id) == made
    assert len({share.token for share in made}) == 5
    assert all(len(share.token) == 32 for share in made)


# -- owners ------------------------------------------------------------------------------------------------


async def test_live_runs_are_those_that_have_not_ended_oldest_first(store: Store) -> None:
    for number, status in enumerate(["stopping", "passed", "queued", "interrupted", "running"]):
        await store.add_run(record(9 - number, status=status))
    assert [run.status for run in await store.live_runs()] == ["running", "queued", "stopping"]


async def test_a_beat_touches_only_the_owners_live_runs(store: Store) -> None:
    await store.add_run(record(1, status="running", owner="me"))
    await store.add_run(record(2, status="running", owner="other"))
    await store.add_run(record(3, status="passed", owner="me"))
    await store.beat("me", DAY)
    beats = [(await store.get_run(record(number).id)).heartbeat_at for number in (1, 2, 3)]  # type: ignore[union-attr]
    assert beats == [DAY, None, None]


async def test_one_of_many_claims_a_dead_owners_run(store: Store) -> None:
    await store.add_run(record(status="running", owner="dead"))
    claims = [store.claim(record().id, owner="dead", new_owner=f"new{i}") for i in range(8)]
    assert sum(await asyncio.gather(*claims)) == 1
    found = await store.get_run(record().id)
    assert found is not None
    assert found.owner.startswith("new")
    assert found.heartbeat_at is not None
    assert datetime.now(UTC) - found.heartbeat_at < timedelta(minutes=1)


async def test_an_ended_run_cannot_be_claimed(store: Store) -> None:
    await store.add_run(record(status="passed", owner="dead"))
    assert not await store.claim(record().id, owner="dead", new_owner="new")


# -- callers that go away ----------------------------------------------------------------------------------


async def test_a_write_whose_caller_is_cancelled_is_done_all_the_same(store: Store) -> None:
    await store.add_run(record())
    for position in range(100):
        writing = asyncio.ensure_future(store.put_snapshots(record().id, [(position, b"x")]))
        for _ in range(position % 10 + 1):
            await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        await store.update_run(record().id, note=str(position))  # the database is not locked
    while under_way := store._database._under_way:  # PostgreSQL does two writes at a time
        await asyncio.wait(under_way)
    assert len(await store.snapshots(record().id)) == 100


async def test_closing_waits_for_what_is_under_way(store: Store, address: str) -> None:
    await store.add_run(record())
    writing = asyncio.ensure_future(store.put_snapshots(record().id, [(0, b"x")]))
    await asyncio.sleep(0)
    writing.cancel()
    await store.close()
    again = await Store.open(address)
    assert await again.snapshots(record().id) == [b"x"]
    await again.close()


async def test_a_run_can_be_read_without_its_result(store: Store) -> None:
    run = record(result={"schema": "katydid.run/1"}, note="n")
    await store.add_run(run)
    assert await store.get_run(run.id, with_result=False) == replace(run, result=None)
    assert await store.get_run("r_none", with_result=False) is None
