"""A store of its own for each test: in a file, and in a database on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.databases import put_database
from tests.postgres import Server
from webui.store import Store


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a store's file is, or will be."""
    return tmp_path / "katydid.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str:
    """The address of a database with its tables and no runs in it."""
    if request.param == "sqlite":
        return f"sqlite:///{put_database(request.getfixturevalue('database'))}"
    server: Server = request.getfixturevalue("postgres_server")
    return server.address(server.emptied())


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database that has no tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('database')}"
    else:
        yield request.getfixturevalue("postgres_address")


@pytest.fixture
def postgres_address(postgres_server: Server) -> Iterator[str]:
    """The address of a database on PostgreSQL that has no tables."""
    name = postgres_server.new_database()
    yield postgres_server.address(name)
    postgres_server.drop(name)


@pytest.fixture
async def store(address: str) -> AsyncIterator[Store]:
    """An open, empty store."""
    opened = await Store.open(address)
    yield opened
    await opened.close()
