"""Slows whoever tries wrong tokens, each address by itself. Pure but for the clock; never waits.

After a few failures an address must wait before its next attempt is looked at, twice as long each time.
Memory is bounded: with many addresses the one that failed longest ago is forgotten.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

FREE = 5  # failures that cost nothing: who mistypes is no attacker
LONGEST_S = 60.0
FORGIVEN_AFTER_S = 900.0
_ADDRESSES = 4096


@dataclass(slots=True)
class _Record:
    failures: int
    last: float
    until: float  # no attempt is looked at before


@dataclass(slots=True)
class Throttle:
    """Failed attempts by address. `clock` gives monotonic seconds."""

    clock: Callable[[], float] = time.monotonic
    _records: OrderedDict[str, _Record] = field(default_factory=OrderedDict)

    def wait_s(self, address: str) -> int:
        """Whole seconds until an attempt from this address is looked at again; 0: now."""
        record = self._records.get(_key(address))
        return 0 if record is None else max(0, math.ceil(record.until - self.clock()))

    def failed(self, address: str) -> None:
        """Counts a wrong token."""
        key, now = _key(address), self.clock()
        record = self._records.pop(key, None)
        known = record is not None and now - record.last < FORGIVEN_AFTER_S
        failures = record.failures + 1 if record is not None and known else 1
        wait = min(LONGEST_S, 2.0 ** min(failures - FREE, 10)) if failures >= FREE else 0.0
        self._records[key] = _Record(failures, now, now + wait)
        while len(self._records) > _ADDRESSES:
            self._records.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forgets the address's failures."""
        self._records.pop(_key(address), None)


def _key(address: str) -> str:
    """The address; of IPv6 the /64, as one machine has all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
