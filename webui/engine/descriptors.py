"""How many connections this process may have open."""

import resource

_SPARE_DESCRIPTORS = 256


def allow_connections(connections: int) -> None:
    """Raises this process's limit of open files as far as it may and must."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
