"""`python -m benchmarks [NAME…]`: runs the benchmarks and prints their tables; `--write` keeps them.

Traffic goes to this machine's loopback alone. Every part is bounded in time.
"""

import argparse
import os
import shlex
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    closed_loop,
    dashboard_page,
    diagnosis,
    history_page,
    locust,
    new_connections,
    open_model,
    posts,
    soak,
    tls,
    users,
)
from benchmarks.machine import commit, described, raise_file_limit
from benchmarks.report import Report, Section, broken_off, sections_of
from benchmarks.session import Session
from benchmarks.tools import Toolbox
from webui.cli.scratch import scratch_folder

_QUIET = 0.5  # a load average that leaves the figures alone
FOLDER = Path(__file__).parent
BENCHMARKS: dict[str, Callable[[Session], Section]] = {
    "closed-loop": closed_loop.run,
    "tls": tls.run,
    "posts": posts.run,
    "new-connections": new_connections.run,
    "locust": locust.run,
    "open-model": open_model.run,
    "users": users.run,
    "soak": soak.run,
    "dashboard": dashboard_page.run,
    "history": history_page.run,
    "diagnosis": diagnosis.run,
    "other-services": diagnosis.other_services,
}


def main() -> int:
    """Exit code 1 when a limit is not kept."""
    arguments = _parse()
    raise_file_limit()
    # Ended by SIGTERM, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    load = os.getloadavg()[0]
    report = Report()
    with scratch_folder("katydid-bench-") as folder:
        tools = Toolbox(folder, install=not arguments.no_install)
        session = Session(arguments.rounds, arguments.seconds, arguments.soak, tools)
        for name in arguments.names or BENCHMARKS:
            report.sections[name] = section = _section(name, session)
            sys.stdout.write(f"{section.text()}\n\n")
            sys.stdout.flush()
        if arguments.write:
            missing = [f"not there, so not measured: {name}" for name in tools.missing]
            _write(report, [*described(tools), *missing], load)
    return 0 if report.kept else 1


def _section(name: str, session: Session) -> Section:
    try:
        return BENCHMARKS[name](session)
    except Exception as error:  # noqa: BLE001  the others go on
        return broken_off(name, error)


def _quiet_or_not(load: float) -> str:
    words = f"load average before the start {load:.2f}"
    if load < _QUIET:
        return words
    return (
        f"{words}, so the machine did something else meanwhile: rates of the wall clock, lags and verdicts "
        "on them say little, requests per CPU-second more"
    )


def _write(report: Report, about: list[str], load: float) -> None:
    """Sections of benchmarks that were not run now stay as they are."""
    results = FOLDER / "RESULTS.md"
    notes = tomllib.loads((FOLDER / "notes.toml").read_text(encoding="utf-8"))
    command = f"python -m benchmarks {shlex.join(sys.argv[1:])}"
    origin = f"Measured by `{command}` at {commit()}; {_quiet_or_not(load)}."
    before = sections_of(results.read_text(encoding="utf-8")) if results.exists() else {}
    kept = {name: before.get(name, "") for name in BENCHMARKS if name in before or name in report.sections}
    results.write_text(report.markdown(about, origin, notes, kept), encoding="utf-8")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each generator (3)")
    parser.add_argument("--seconds", type=int, default=10, help="length of a round (10)")
    parser.add_argument("--soak", type=int, default=120, metavar="SECONDS", help="length of the soak (120)")
    parser.add_argument("--no-install", action="store_true", help="use what is there")
    parser.add_argument("--write", action="store_true", help="keep the tables in benchmarks/RESULTS.md")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if min(arguments.rounds, arguments.seconds) < 1 or arguments.soak < 10:
        parser.error("--rounds and --seconds are 1 or more, --soak is 10 or more")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
