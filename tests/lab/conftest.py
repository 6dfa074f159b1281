"""A manager of practice targets that leaves nothing behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from webui.lab.manager import LabManager


@pytest.fixture
async def lab() -> AsyncIterator[LabManager]:
    manager = LabManager()
    try:
        yield manager
    finally:
        await manager.close()
