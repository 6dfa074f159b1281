"""The command line: `katydid`. One file per command; what a command needs is imported when it runs."""

import gc
import os
import signal
import sys
from collections.abc import Sequence

import typer

from webui.cli import compare, db, experiment, exporting, importing, lab, run, serve, stop
from webui.errors import InvalidInput, KatydidError

# How many new objects it takes to look for garbage. At the 700 that are usual, a tenth of a command's start
# went into looking through what it imports, all of which stays.
_NEW_OBJECTS = 10_000
_INTERRUPTED = 130  # as in `exits`, which takes a while to import

app = typer.Typer(
    name="katydid",
    help="Load testing you open in a browser: type a URL, press Start, watch it live, share the link.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
serve.add_to(app)
run.add_to(app)
stop.add_to(app)
compare.add_to(app)
exporting.add_to(app)
importing.add_to(app)
lab.add_to(app)
experiment.add_to(app)
db.add_to(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that `arguments` (default: the process's own) name, and exits with its code."""
    if arguments is None:
        _end_when_interrupted()
        gc.set_threshold(_NEW_OBJECTS)
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_exit_code(given or ["--help"]))


def _end_when_interrupted() -> None:
    """Until a command is at work and handles it in its own way, Ctrl-C ends this process: without the
    traceback of an import, and also where the shell has its background commands ignore it."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", is_eager=True),
) -> None:
    if version:
        from webui import __version__
        from webui.cli.console import say

        say(f"katydid {__version__}")
        raise typer.Exit


def _exit_code(arguments: list[str]) -> int:
    try:
        return int(app(arguments, prog_name="katydid", standalone_mode=False) or 0)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "katydid"
        _complain([f"{command}: {error.format_message()}", f"See {command} --help."])
        return error.exit_code
    except typer.Abort:
        return _INTERRUPTED
    except KatydidError as error:
        return _failed(error)


def _failed(error: KatydidError) -> int:
    from webui.cli.configuration import by_flag
    from webui.cli.exits import of_error

    problems = map(by_flag, error.problems) if isinstance(error, InvalidInput) else [error]
    _complain([f"katydid: {problem}" for problem in problems])
    return of_error(error)


def _complain(lines: list[str]) -> None:
    from webui.cli.console import complain, printable

    for line in lines:
        complain(printable(line))
