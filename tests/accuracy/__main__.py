"""`python -m tests.accuracy [apart]`: the table of docs/accuracy.md.

`apart`: with the server in a process of its own; that says something on an idle machine only.
"""

from __future__ import annotations

import sys

from tests.accuracy.compared import SCENARIOS, apart, beside


def main() -> None:
    """Prints one line for each scenario and percentile."""
    measure = apart if "apart" in sys.argv else beside
    print("| latency | percentile | server's truth | service time | response time | off by | allowed |")
    print("|---|---|---|---|---|---|---|")
    for name in SCENARIOS:
        for row in measure(name):
            off = row.service - row.truth
            figures = [f"{value / 1e6:.3f} ms" for value in (row.truth, row.service, row.response)]
            words = [
                name,
                f"p{row.percentile:g}",
                *figures,
                f"{off / 1e3:+.0f} us",
                f"{row.allowed / 1e3:.0f} us",
            ]
            print("| " + " | ".join(words) + " |", flush=True)


if __name__ == "__main__":
    main()
