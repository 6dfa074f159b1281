"""`python -m webui.lab PORT`: the practice targets as the child of a dashboard (see process.py).

Prints the URL as its only line once it answers, and ends when its standard input closes.
"""

import sys

from webui.lab.registry import TARGETS
from webui.lab.server import exit_with_parent, serve


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    exit_with_parent()
    serve(TARGETS, int(sys.argv[1]), _announce, or_any=True)
