"""A real PostgreSQL from the machine's own package, in a temporary folder, for tests that need one."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from webui.store import Store

NONE_HERE = "no PostgreSQL on this machine; on Debian: apt-get install postgresql"
_NOT_ROOT = ("postgres", "nobody")  # PostgreSQL refuses to run as root
_START_S = 30
_T = TypeVar("_T")
# What a crash of the machine would cost does not matter here.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


def binaries() -> Path | None:
    """The folder with the server's programs, the newest one's; None when there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    folders = [*([Path(found).resolve().parent] if found else []), *folders]
    return next((folder for folder in reversed(folders) if (folder / "postgres").is_file()), None)


@dataclass
class Server:
    """One server on a port of its own on 127.0.0.1. Everybody on this machine may log in as `katydid`."""

    folder: Path
    programs: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _shared: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def address(self, name: str) -> str:
        """A database's address as `--database-url` takes it."""
        return f"postgresql+asyncpg://katydid@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Starts it; returns when it answers."""
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *_FAST]
        settings = [word for option in options for word in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            program = [str(self.programs / "postgres"), "-D", str(self.folder / "data")]
            self.process = subprocess.Popen(
                [*_unprivileged(), *program, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + _START_S
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode != 0:
            waiting = self.process.poll() is None and time.monotonic() < deadline
            assert waiting, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it: SIGINT ends all connections first, SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(_START_S)
            self.process = None

    def new_database(self) -> str:
        """The name of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def emptied(self) -> str:
        """The name of a database with today's tables and nothing in them, always the same one."""
        if not self._shared:
            self._shared = self.new_database()

            async def fill() -> None:
                await (await Store.open(self.address(self._shared))).close()

            _elsewhere(fill())
        else:
            self.run("TRUNCATE runs, experiments CASCADE", self._shared)
        return self._shared

    def drop(self, name: str) -> None:
        """Removes a database, whoever uses it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement's rows. May be called while an event loop runs."""

        async def ask() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user="katydid", database=database
            )
            try:
                return [tuple(row) for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return _elsewhere(ask())


def _elsewhere(work: Coroutine[Any, Any, _T]) -> _T:
    """Awaits it in a loop of another thread."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(asyncio.run, work).result()


@contextmanager
def postgres(programs: Path) -> Iterator[Server]:
    """A running server, ended and removed afterwards; it does not outlive this process."""
    folder = Path(tempfile.mkdtemp(prefix="katydid-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
        subprocess.run(
            [
                *_unprivileged(), str(programs / "initdb"), "-D", str(folder / "data"), "-U", "katydid",
                "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            ],
            check=True,
            cwd=folder,
            capture_output=True,
        )  # fmt: skip
        server = Server(folder, programs, _free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> Sequence[str]:
    """What a command begins with to run as somebody who is not root, and to end with this process."""
    if shutil.which("setpriv") is None:
        return ()
    name = _user() if os.geteuid() == 0 else None
    who = ["--reuid", name, "--regid", str(_group(name)), "--clear-groups"] if name else []
    return ["setpriv", *who, "--pdeathsig", "INT"]


def _user() -> str:
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _NOT_ROOT if name in known)


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
