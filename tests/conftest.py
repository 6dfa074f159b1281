"""Fixtures for every test. What one folder needs is in its own conftest.py."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import NONE_HERE, Server, binaries, postgres

# Images of Python often say that it is to write no bytecode. Each of the many processes that the tests start
# would then compile the whole package for itself: half a second, and more than its imports take otherwise.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# On a busy machine an example may take long for no fault of the code. All else is as hypothesis chooses:
# under CI the same examples every time.
settings.register_profile("katydid", parent=settings(), deadline=None)
settings.load_profile("katydid")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, and async fixtures may live as long as the session."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL for the whole session."""
    programs = binaries()
    if programs is None:
        pytest.skip(NONE_HERE)
    with postgres(programs) as server:
        yield server
