"""What every benchmark gets: how long it may take, and the tools."""

from dataclasses import dataclass

from benchmarks.tools import Toolbox


@dataclass(frozen=True)
class Session:
    """One run of the benchmarks. `rounds` of `seconds` each; `soak_s` is the length of the soak."""

    rounds: int
    seconds: int
    soak_s: int
    tools: Toolbox
