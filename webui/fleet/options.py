"""How Dask is set up for load generation: quiet, bounded, and never running anything twice."""

import logging
from typing import Any

import dask

OPTIONS: dict[str, Any] = {
    # A worker process is forked from one that has everything imported: 0.15 s and half the memory of a
    # new interpreter.
    "distributed.worker.multiprocessing-method": "forkserver",
    # A shard whose process is lost is reported, never run again: load is not idempotent.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    # A shard for a process that died a moment ago is reported too, rather than waiting for another one.
    "distributed.scheduler.no-workers-timeout": "2s",
    # Judged by the wall clock, so that setting it would look like silence; a lost process closes its
    # connection, and one that hangs is noticed by its missing snapshots.
    "distributed.scheduler.worker-ttl": None,
    # Its files would be left behind in the scratch directory, which is one fleet's alone anyway.
    "distributed.worker.use-file-locking": False,
    # Only peers that hold this fleet's certificate are spoken to.
    "distributed.comm.require-encryption": True,
    "distributed.comm.tls.min-version": 1.3,
    "distributed.comm.timeouts.connect": "10s",
    # No HTTP servers, see `quiet`.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # Each of these wakes the process that generates load, for figures that nobody reads.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.transfer": False,
    "distributed.admin.tick.interval": "2s",
    "distributed.admin.tick.limit": "1h",
    "distributed.admin.tick.cycle": "1h",
    "distributed.admin.system-monitor.interval": "1h",
    "distributed.admin.system-monitor.log-length": 2,
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.diagnostics.nvml": False,
    "distributed.client.scheduler-info-interval": "1h",
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a plan may carry bodies
    # Logs of messages keep the messages: snapshots, in every process that they pass.
    "distributed.admin.low-level-log-length": 4,
    "distributed.admin.log-length": 50,
    "distributed.diagnostics.computations.max-history": 1,
    "distributed.diagnostics.erred-tasks.max-history": 1,
}

LOG_LEVEL = logging.CRITICAL  # what goes wrong is told to the run that it concerns


def apply(directory: str) -> None:
    """Sets Dask's configuration for this process and its workers; scratch files go to `directory`."""
    dask.config.set({**OPTIONS, "temporary-directory": directory})
    logging.getLogger("distributed").setLevel(LOG_LEVEL)
