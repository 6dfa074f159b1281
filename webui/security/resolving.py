"""Where a host's name leads: the one boundary at which names are looked up before a test starts."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from webui.security.patterns import address_of

TIMEOUT_S = 5.0

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]


async def look_up(host: str, port: int) -> Sequence[str]:
    """The host's IP addresses; none where the name leads nowhere, which the test itself will tell."""
    if address_of(host) is not None:
        return [host]
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # TimeoutError is one of the former
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
