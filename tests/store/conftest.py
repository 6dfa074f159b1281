"""A store in a file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from webui.store import Store


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the store's file is, or will be."""
    return tmp_path / "katydid.db"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    """An open, empty store."""
    opened = await Store.open(f"sqlite:///{database}")
    yield opened
    await opened.close()
