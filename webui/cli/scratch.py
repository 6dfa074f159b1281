"""A folder for as long as a command runs. It is named after its process, so a killed one's is found."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from pathlib import Path

import psutil

PREFIX = "katydid-run-"


@contextmanager
def scratch_folder(prefix: str = PREFIX) -> Iterator[Path]:
    """An empty folder, removed at the end. Those of processes that live no more are removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        pid = left.name.removeprefix(prefix).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{prefix}{getpid()}-") as folder:
        yield Path(folder)
