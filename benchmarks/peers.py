"""The other load generators: their command lines, and the rate that each of them states."""

import json
import re
import resource
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.machine import GENERATOR_CORE, on_core
from benchmarks.rounds import Generator, Taken
from benchmarks.tools import Toolbox

CONNECTIONS = 50
_MOST_REQUESTS = 100_000_000  # ab wants a number even where time decides
_ANY_SECONDS = 987_654  # stands for the round's length where a command is shown

Words = Callable[[str, int], list[str]]  # URL, seconds -> command line
Rate = Callable[[str], float]  # output -> requests per second


@dataclass(frozen=True)
class Peer:
    """One program: its command line without path, and how its output is read."""

    name: str
    words: Words
    rate: Rate


def stated(pattern: str) -> Rate:
    """The number that follows `pattern` in the output."""

    def read(output: str) -> float:
        found = re.search(pattern + r"\s*([\d.]+)", output)
        if found is None:
            raise ValueError(f"no rate in: {output[-500:]}")
        return float(found[1])

    return read


def _autocannon_rate(output: str) -> float:
    document = json.loads(output)
    return float(document["requests"]["total"] / document["duration"])


WRK = Peer(
    "wrk",
    lambda url, seconds: ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url],
    stated("Requests/sec:"),
)
AB = Peer(
    "ab",
    lambda url, seconds: [
        "ab", "-k", "-q", f"-c{CONNECTIONS}", f"-t{seconds}", f"-n{_MOST_REQUESTS}", url
    ],
    stated("Requests per second:"),
)  # fmt: skip
H2LOAD = Peer(
    "h2load",
    lambda url, seconds: ["h2load", "--h1", "-t1", f"-c{CONNECTIONS}", f"-D{seconds}", url],
    stated(r"finished in [\d.]+m?s,"),
)
HEY = Peer(
    "hey",
    lambda url, seconds: ["hey", "-cpus", "1", "-c", str(CONNECTIONS), "-z", f"{seconds}s", url],
    stated("Requests/sec:"),
)
AUTOCANNON = Peer(
    "autocannon",
    lambda url, seconds: ["autocannon", "-c", str(CONNECTIONS), "-d", str(seconds), "--json", url],
    _autocannon_rate,
)
WRK_CLOSE = Peer(
    "wrk",
    lambda url, seconds: [
        "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", "Connection: close", url
    ],
    stated("Requests/sec:"),
)  # fmt: skip
AB_CLOSE = Peer(
    "ab",
    lambda url, seconds: ["ab", "-q", f"-c{CONNECTIONS}", f"-t{seconds}", f"-n{_MOST_REQUESTS}", url],
    stated("Requests per second:"),
)


def generators(tools: Toolbox, url: str, *peers: Peer) -> list[Generator]:
    """Those of the peers that are there, against `url`."""
    return [_generator(tools.need(peer.name), peer, url) for peer in peers if tools.find(peer.name)]


def _generator(program: str, peer: Peer, url: str) -> Generator:
    def go(seconds: int) -> Taken:
        before = _cpu_of_children()
        output = _output([program, *peer.words(url, seconds)[1:]], seconds)
        return Taken(peer.rate(output), _cpu_of_children() - before)

    shown = shlex.join(peer.words("URL", _ANY_SECONDS)).replace(str(_ANY_SECONDS), "SECONDS")
    return Generator(peer.name, shown, go)


def _output(words: list[str], seconds: int) -> str:
    shown = subprocess.run(
        words, capture_output=True, text=True, timeout=seconds + 30, preexec_fn=on_core(GENERATOR_CORE)
    )
    if not shown.stdout:
        raise ValueError(f"{words[1:]} printed nothing: {shown.stderr[-500:]}")
    return shown.stdout


def _cpu_of_children() -> float:
    """CPU seconds of all child processes that have ended, user and system."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
