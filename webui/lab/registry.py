"""The practice targets by name."""

from collections.abc import Mapping

from webui.errors import NotFound
from webui.lab import limited, unlimited
from webui.lab.model import PracticeTarget

TARGETS: tuple[PracticeTarget, ...] = (
    unlimited.GATHER,
    unlimited.ASYNC_IO,
    limited.THREADS,
    unlimited.BLOCKED_LOOP,
    unlimited.CPU,
    limited.SEMAPHORE,
    limited.LOCK,
    limited.ONE_AT_A_TIME,
    limited.LIMIT_CONCURRENCY,
    unlimited.BACKLOG,
    limited.DATABASE_POOL,
    unlimited.CONTENTION,
    limited.FLASK_SYNC,
    limited.FLASK_THREADS,
)

BY_NAME: Mapping[str, PracticeTarget] = {target.name: target for target in TARGETS}


def find(name: str) -> PracticeTarget:
    """The target of that name. Raises NotFound with the names that there are."""
    if name in BY_NAME:
        return BY_NAME[name]
    raise NotFound(f"there is no practice target {name[:60]!r}; there are {', '.join(BY_NAME)}")
