"""A new database file for each test, with today's tables: migrated once, then copied."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from webui.store import Store


def put_database(path: Path) -> Path:
    """Puts a database with no runs in it at `path`, in a tenth of the time that migrations take."""
    path.write_bytes(_migrated())
    return path


@lru_cache(maxsize=1)
def _migrated() -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="katydid-tests-"))

    async def create() -> None:
        await (await Store.open(f"sqlite:///{folder / 'katydid.db'}")).close()

    try:
        with ThreadPoolExecutor(1) as other:  # an event loop may run in this one
            other.submit(asyncio.run, create()).result()
        return (folder / "katydid.db").read_bytes()
    finally:
        shutil.rmtree(folder)
