"""The process that worker processes are forked from. Needs no Dask itself."""

import multiprocessing
from multiprocessing import forkserver

PRELOADED = ["webui.fleet.worker"]


def start_fork_server() -> None:
    """Starts the process that workers are forked from. It imports Dask and the engine by itself, so that
    the caller can import Dask at the same time."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()
