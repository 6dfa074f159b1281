"""Python's wall clock for every process that has this folder in its PYTHONPATH: the real one and an offset,
which the test changes while they run. `KATYDID_TEST_CLOCK` names the file that holds it, as one double."""

from __future__ import annotations

import datetime as module
import gc
import mmap
import os
import struct
import time
from pathlib import Path
from typing import Any

_real_time = time.time
_real_now = module.datetime.now

if "KATYDID_TEST_CLOCK" in os.environ:
    with Path(os.environ["KATYDID_TEST_CLOCK"]).open("rb") as file:
        offset = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)

    def set_time() -> float:
        """The wall clock as it was set."""
        found: float = struct.unpack_from("d", offset)[0]
        return _real_time() + found

    def set_now(cls: Any, tz: Any = None) -> Any:
        """`datetime.now` by that clock."""
        return cls.fromtimestamp(set_time(), tz)

    time.time = set_time
    time.time_ns = lambda: round(set_time() * 1e9)
    # A built-in type takes no new attributes in any other way.
    gc.get_referents(module.datetime.__dict__)[0]["now"] = classmethod(set_now)
