"""Managers of practice targets that leave nothing behind, and servers that cost little to start."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable

import pytest

from webui.lab import manager
from webui.lab.manager import LabManager
from webui.lab.model import PracticeTarget, Setup

Replace = Callable[[str], None]

# What the manager asks of a server, within 20 ms. So many workers as are wanted are forked, and do nothing.
SERVER = """
import os, socket, time
listener = socket.create_server(("127.0.0.1", PORT))
for _ in range(WORKERS - 1):
    if not os.fork():
        time.sleep(600)
print("Uvicorn running on", *["Application startup complete"] * WORKERS, sep="\\n", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    connection.close()
"""


@pytest.fixture
async def lab() -> AsyncIterator[LabManager]:
    manager = LabManager()
    try:
        yield manager
    finally:
        await manager.close()


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Makes practice targets Python scripts; in them, `PORT` and `WORKERS` are what was asked for."""

    def replace(script: str) -> None:
        def stand_in(target: PracticeTarget, setup: Setup, port: int) -> list[str]:
            told = script.replace("PORT", str(port)).replace("WORKERS", str(setup.workers))
            return [sys.executable, "-S", "-c", told]

        monkeypatch.setattr(manager, "command", stand_in)

    return replace


@pytest.fixture
def light(replaced: Replace) -> None:
    """Practice targets are servers that do next to nothing: for tests of how they are started and ended."""
    replaced(SERVER)
