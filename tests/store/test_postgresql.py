"""What is PostgreSQL's alone: its faults in words, upgrades at the same time, notices, commands."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import Server
from tests.store.samples import DAY, record
from webui.errors import InvalidInput, StoreUnavailable
from webui.store import AnswerNotice, CommandNotice, Notice, RunNotice, RunQuery, Store, postgresql
from webui.store import database as database_module
from webui.store.database import parse_address
from webui.store.notices import read

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]


async def refusal(address: str) -> str:
    """The sentence with which the store refuses to open."""
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open(address)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@asynccontextmanager
async def other(address: str) -> AsyncIterator[Any]:
    """Another program's connection."""
    connection = await postgresql.connect(parse_address(address))
    try:
        yield connection
    finally:
        await connection.close()


# -- faults ------------------------------------------------------------------------------------------------


async def test_a_database_that_is_not_there(postgres_server: Server) -> None:
    assert "is not there: make it (createdb)" in await refusal(postgres_server.address("no_such_database"))


async def test_a_login_that_is_refused(postgres_server: Server) -> None:
    address = postgres_server.address("postgres").replace("katydid@", "nobody:secret@")
    sentence = await refusal(address)
    assert "refuses this login" in sentence
    assert "secret" not in sentence


async def test_rights_that_are_missing(postgres_server: Server, postgres_address: str) -> None:
    name = postgres_address.rpartition("/")[2]
    postgres_server.run("CREATE ROLE reader LOGIN")
    try:
        assert "enough rights" in await refusal(postgres_address.replace("katydid@", "reader@"))
    finally:
        postgres_server.run(f"REVOKE ALL ON DATABASE {name} FROM reader")
        postgres_server.run("DROP ROLE reader")


async def test_a_database_that_may_only_be_read(postgres_server: Server, postgres_address: str) -> None:
    name = postgres_address.rpartition("/")[2]
    postgres_server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "may only be read" in await refusal(postgres_address)


async def test_a_server_that_takes_no_more_connections(
    postgres_server: Server, postgres_address: str
) -> None:
    name = postgres_address.rpartition("/")[2]
    postgres_server.run("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    postgres_server.run(f"GRANT ALL ON DATABASE {name} TO crowded")
    try:
        address = postgres_address.replace("katydid@", "crowded@")
        assert "takes no more connections" in await refusal(address)
    finally:
        postgres_server.run(f"REVOKE ALL ON DATABASE {name} FROM crowded")
        postgres_server.run("DROP ROLE crowded")


async def test_a_server_that_takes_the_connection_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"postgresql://katydid@127.0.0.1:{listener.getsockname()[1]}/katydid"
        assert "does not answer" in await refusal(address)


async def test_a_lock_of_another_program_is_waited_for_and_then_told_of(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_S", 0.3)
    address = postgres_server.address(postgres_server.emptied())
    store = await Store.open(address)
    await store.add_run(record())
    async with other(address) as connection, connection.transaction():
        await connection.execute("LOCK TABLE snapshots IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="is in use by another process"):
            await store.put_snapshots(record().id, [(0, b"a")])
        assert (await store.list_runs(RunQuery())).total == 1
    await store.put_snapshots(record().id, [(0, b"a")])
    assert await store.snapshots(record().id) == [b"a"]
    await store.close()


async def test_a_server_that_restarts_is_used_again(postgres_server: Server) -> None:
    store = await Store.open(postgres_server.address(postgres_server.emptied()))
    await store.add_run(record(1))
    postgres_server.stop()
    with pytest.raises(StoreUnavailable, match=r"cannot be reached|is not available"):
        await store.add_run(record(2))
    postgres_server.start()
    await store.add_run(record(3))
    assert (await store.list_runs(RunQuery())).total == 2
    await store.close()


async def test_a_database_of_a_newer_version(postgres_server: Server, postgres_address: str) -> None:
    await (await Store.open(postgres_address)).close()
    name = postgres_address.rpartition("/")[2]
    postgres_server.run("UPDATE alembic_version SET version_num = 'f00d'", name)
    assert "was written by a newer version of Katydid" in await refusal(postgres_address)


async def test_a_database_of_another_program(postgres_server: Server, postgres_address: str) -> None:
    postgres_server.run("CREATE TABLE shares (x integer)", postgres_address.rpartition("/")[2])
    sentence = await refusal(postgres_address)
    assert "has tables of another program" in sentence


async def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(InvalidInput, match=r"pip install 'katydid\[postgres\]'"):
        await Store.open("postgresql://127.0.0.1/katydid")


@pytest.mark.skipif(importlib.util.find_spec("asyncpg") is None, reason="looks at the driver's options")
def test_options_of_the_address() -> None:
    url = parse_address("postgresql://host/db?sslmode=require&timeout=3")
    assert dict(url.query) == {"ssl": "require", "timeout": "3"}
    assert "timeout" not in postgresql.arguments(url, 5)
    with pytest.raises(InvalidInput, match="options that are not known: colour"):
        parse_address("postgresql://host/db?colour=red")


# -- upgrades ----------------------------------------------------------------------------------------------


async def test_processes_that_create_the_tables_at_the_same_time(postgres_address: str) -> None:
    command = [sys.executable, "-m", "tests.store.writer", postgres_address, "open", "0"]
    with ExitStack() as stack:
        for process in [stack.enter_context(subprocess.Popen(command, cwd=ROOT)) for _ in range(3)]:
            process.communicate(timeout=60)
            assert process.returncode == 0
    store = await Store.open(postgres_address)
    assert (await store.list_runs(RunQuery())).total == 0
    await store.close()


async def test_many_that_upgrade_at_once_do_so_in_turn(postgres_address: str) -> None:
    stores = await asyncio.gather(*(Store.open(postgres_address) for _ in range(6)))
    await stores[0].add_run(record())
    for store in stores:
        assert (await store.list_runs(RunQuery())).total == 1
        await store.close()


# -- the index of searches ---------------------------------------------------------------------------------

INDEXES = "SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_runs_search'"


async def test_searches_have_an_index(postgres_server: Server) -> None:
    assert postgres_server.run(INDEXES, postgres_server.emptied()) == [(1,)]


async def test_who_may_make_no_extension_searches_without_it(
    postgres_server: Server, postgres_address: str
) -> None:
    name = postgres_address.rpartition("/")[2]
    postgres_server.run("CREATE ROLE plain LOGIN")
    postgres_server.run("GRANT ALL ON SCHEMA public TO plain", name)
    try:
        store = await Store.open(postgres_address.replace("katydid@", "plain@"))
        await store.add_run(record(1, name="Checkout"))
        assert (await store.list_runs(RunQuery(search="check"))).total == 1
        await store.close()
        assert postgres_server.run(INDEXES, name) == [(0,)]
    finally:
        postgres_server.run("DROP OWNED BY plain", name)
        postgres_server.run("DROP ROLE plain")


# -- writers -----------------------------------------------------------------------------------------------


async def test_many_writers_at_a_time(postgres_server: Server) -> None:
    address = postgres_server.address(postgres_server.emptied())
    stores = [await Store.open(address) for _ in range(3)]

    async def write(number: int, store: Store) -> None:
        run = record(number)
        await store.add_run(run)
        for position in range(10):
            await store.put_snapshots(run.id, [(position, b"%d" % position)])
        await store.finish_run(run.id, result={"schema": "katydid.run/1"}, status="passed")

    await asyncio.gather(*(write(number, stores[number % 3]) for number in range(15)))
    page = await stores[0].list_runs(RunQuery(status="passed"))
    assert page.total == 15
    assert await stores[1].snapshots(record(14).id) == [b"%d" % position for position in range(10)]
    for store in stores:
        await store.close()


# -- notices and commands ----------------------------------------------------------------------------------


async def test_notices_come_when_what_they_tell_of_is_there(postgres_server: Server) -> None:
    store = await Store.open(postgres_server.address(postgres_server.emptied()))
    heard: list[Notice] = []
    joined = asyncio.Event()
    listening = store.listen(heard.append, joined.set)
    assert listening is not None
    await asyncio.wait_for(joined.wait(), 10)
    run_id = record().id
    await store.add_run(record())
    await store.put_snapshots(run_id, [(4, b"a"), (3, b"b")])
    await store.replace_snapshots(run_id, [(0, b"c")])
    await store.update_run(run_id, status="running")
    command = await store.add_command("them", run_id, "stop", {}, DAY)
    await store.answer_command(command, {"x": 1})
    async with asyncio.timeout(10):
        while len(heard) < 6:
            await asyncio.sleep(0.005)
    await listening.close()
    await store.close()
    assert heard == [
        RunNotice(run_id),
        RunNotice(run_id, 3),
        RunNotice(run_id, 0, whole=True),
        RunNotice(run_id),
        CommandNotice(command, "them"),
        AnswerNotice(command),
    ]


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "null", '["RunNotice", {}]', '["Other", {"a": 1}]', "[1, 2]"]
)
def test_notices_of_other_versions_are_passed_over(text: str) -> None:
    assert read(text) is None


async def test_a_command_is_taken_once_or_given_up(store: Store) -> None:
    command = await store.add_command("me", "r_1", "change", {"users": 3}, DAY)
    assert await store.waiting_commands("me") == [command]
    assert await store.waiting_commands("you") == []
    taken = await asyncio.gather(*(store.take_command(command, DAY) for _ in range(5)))
    [found] = [each for each in taken if each is not None]
    assert (found.kind, found.arguments, found.run_id) == ("change", {"users": 3}, "r_1")
    assert not await store.give_up_command(command)
    assert await store.take_answer(command) is None
    await store.answer_command(command, {"state": {}})
    assert await store.take_answer(command) == {"state": {}}
    assert await store.take_answer(command) is None
    second = await store.add_command("me", "r_1", "stop", {}, DAY)
    assert await store.give_up_command(second)
    assert await store.take_command(second, DAY) is None
    await store.answer_command(second, {})  # nobody waits any more
