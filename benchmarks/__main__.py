"""`python -m benchmarks`: runs the benchmarks and prints their tables; `--write` keeps them.

Traffic goes to this machine's loopback alone. Every part is bounded in time.
"""

import argparse
import sys
from pathlib import Path

from benchmarks import closed_loop, dashboard_page, idle_users
from benchmarks.machine import raise_file_limit
from benchmarks.report import Report
from benchmarks.tools import install_tools

RESULTS = Path(__file__).parent / "RESULTS.md"
BENCHMARKS = {"closed-loop": closed_loop.run, "idle-users": idle_users.run, "page": dashboard_page.run}


def main() -> int:
    """Exit code 1 when a limit is not kept."""
    arguments = _parse()
    raise_file_limit()
    missing = install_tools(install=not arguments.no_install)
    report = Report(command=f"python -m benchmarks {' '.join(sys.argv[1:])}".strip(), missing=missing)
    for name in arguments.only or BENCHMARKS:
        section = BENCHMARKS[name](arguments.rounds, arguments.seconds)
        report.add(section)
        sys.stdout.write(f"{section.text()}\n\n")
        sys.stdout.flush()
    if arguments.write:
        RESULTS.write_text(report.markdown(), encoding="utf-8")
    return 0 if report.kept else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each generator (5)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a round (5)")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="this one; repeatable")
    parser.add_argument("--no-install", action="store_true", help="use what is there")
    parser.add_argument("--write", action="store_true", help="keep the tables in benchmarks/RESULTS.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
