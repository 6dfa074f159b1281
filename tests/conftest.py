"""Fixtures for every test. What one folder needs is in its own conftest.py."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, and async fixtures may live as long as the session."""
    return "asyncio"
