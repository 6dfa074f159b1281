"""The command line and environment that start a practice target, and what its server says meanwhile. Pure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from webui.lab.model import PracticeTarget, Server, Setup

HOST = "127.0.0.1"
INSTALL = "pip install 'katydid[lab]'"
WORKER_IS_READY = "The application is loaded"

_LISTENING = ("Uvicorn running on", "Listening at")
_WORKER_READY = ("Application startup complete", WORKER_IS_READY)
_FOREIGN_SETTINGS = ("UVICORN_", "GUNICORN_", "WEB_CONCURRENCY")


def extra_installed() -> bool:
    """Whether gunicorn, its uvicorn worker and Flask are here: the extra `lab`."""
    return all(find_spec(name) is not None for name in ("gunicorn", "uvicorn_worker", "flask"))


def needs_extra(target: PracticeTarget, server: Server) -> bool:
    """Whether this target under this server needs the extra `lab`."""
    return target.needs_extra or server == "gunicorn"


def command(target: PracticeTarget, setup: Setup, port: int) -> list[str]:
    """The arguments that start it on loopback."""
    application = f"webui.lab.targets.{target.module}:app"
    if setup.server == "gunicorn":
        arguments = ["gunicorn", "--bind", f"{HOST}:{port}", "--config", "python:webui.lab.gunicorn_hooks"]
        arguments += ["--worker-class", "uvicorn_worker.UvicornWorker"] if target.asgi else []
    else:
        arguments = ["uvicorn", "--host", HOST, "--port", str(port), "--no-access-log", "--no-use-colors"]
    flags = [
        part
        for option in target.options
        if option.flag
        for part in (option.flag, str(setup.options[option.name]))
    ]
    return [sys.executable, "-m", *arguments, "--workers", str(setup.workers), *flags, application]


def environment(target: PracticeTarget, setup: Setup, inherited: Mapping[str, str]) -> dict[str, str]:
    """What it is started with: the inherited variables but those that servers obey, and its options."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_FOREIGN_SETTINGS)}
    variables = {option.variable: setup.options[option.name] for option in target.options if option.variable}
    return {**kept, **{name: str(value) for name, value in variables.items()}, "PYTHONUNBUFFERED": "1"}


@dataclass(slots=True)
class Startup:
    """What a server with so many workers has said of its start so far."""

    workers: int
    listening: bool = False
    ready: int = 0

    def hear(self, line: str) -> None:
        """Takes in one line of its output."""
        self.listening = self.listening or any(words in line for words in _LISTENING)
        self.ready += any(words in line for words in _WORKER_READY)

    @property
    def complete(self) -> bool:
        """Whether it listens and every worker has its application."""
        return self.listening and self.ready >= self.workers
