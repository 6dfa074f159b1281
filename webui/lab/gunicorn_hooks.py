"""gunicorn's configuration for practice targets, named so that a gunicorn.conf.py lying about is not read."""

from typing import Any

from webui.lab.commands import WORKER_IS_READY

control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Says that a worker has loaded its application. A worker of uvicorn's says so itself, later."""
    if not worker.cfg.worker_class_str.startswith("uvicorn"):
        worker.log.info(WORKER_IS_READY)
