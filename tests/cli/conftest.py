"""A small service to test, and the command as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import psutil
import pytest

from webui.cli import main

Katydid = Callable[..., "subprocess.CompletedProcess[str]"]


class Handler(BaseHTTPRequestHandler):
    """`/ok` answers 200, anything else 404; counts what it answered."""

    protocol_version = "HTTP/1.1"
    answered: Counter[str]

    def do_GET(self) -> None:
        body = b"hello"
        self.answered[self.path] += 1
        time.sleep(0.002)
        self.send_response(200 if self.path == "/ok" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Target:
    """A running service. `answered` counts its responses by path."""

    def __init__(self, server: ThreadingHTTPServer, answered: Counter[str]) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.answered = answered


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    answered: Counter[str] = Counter()
    handler = type("CountingHandler", (Handler,), {"answered": answered})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Target(server, answered)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def start(data_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command as a process in a session of its own, its output captured."""
    return subprocess.Popen(
        [sys.executable, "-m", "webui.cli", *arguments],
        env={**os.environ, "KATYDID_DATA_DIR": str(data_dir), "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def katydid_here(data_dir: Path) -> Katydid:
    """Runs the command to its end, in this process: many times faster, as nothing is imported again."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("KATYDID_DATA_DIR", str(data_dir))
            patch.setenv("COLUMNS", "120")
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        shown = [cast(io.BytesIO, stream.buffer).getvalue().decode() for stream in (out, err)]
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), *shown)

    return run


@pytest.fixture(scope="module")
def katydid(data_dir: Path) -> Katydid:
    """Runs the command to its end, as a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        process = start(data_dir, *arguments)
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns once the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that only waits to be reaped does not."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
