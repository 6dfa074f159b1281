"""One dashboard for the faults that leave it whole, and one target."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reliability.served import AT_ONCE, QUEUED, Served, serving, target_process


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A dashboard that all tests share: none of them ends it."""
    limits = {"KATYDID_MAX_RUNNING": str(AT_ONCE), "KATYDID_MAX_QUEUED": str(QUEUED)}
    with serving(tmp_path_factory.mktemp("served"), limits) as running:
        yield running


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Where a quick target listens."""
    with target_process() as (_, listening):
        yield listening
