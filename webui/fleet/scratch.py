"""The directory in which Dask keeps its scratch files: one for each fleet, named after its process."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil

PREFIX = "katydid-fleet-"


def make() -> str:
    """A new directory for a fleet of this process; removes those of processes that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            remove(str(left))
    return tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def remove(directory: str) -> None:
    """Removes a fleet's directory as far as that is allowed."""
    shutil.rmtree(directory, ignore_errors=True)
