"""Where the result of `katydid run` goes: files of each kind, standard output, and what people read."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from webui.cli import console
from webui.errors import InvalidInput, Problem

STDOUT = "-"
CSV_FLAG = "csv"  # the one that names a folder, for all CSV files


@dataclass(frozen=True, slots=True)
class Output:
    """Where a run's result goes: `files` are paths by format (`-`: standard output), `csv` a folder."""

    quiet: bool
    files: Mapping[str, str] = field(default_factory=dict)
    csv: str | None = None

    def check(self) -> None:
        """Raises InvalidInput where a file could not be written: before the run, not after it."""
        problems = [problem for name, path in self.files.items() if (problem := _file_problem(name, path))]
        if self.csv is not None and (reason := _folder_problem(self.csv)):
            problems.append(Problem("--csv", reason))
        to_stdout = [f"--{name}" for name, path in self.files.items() if path == STDOUT]
        if len(to_stdout) > 1:
            problems.append(Problem(to_stdout[1], f"standard output is taken by {to_stdout[0]} already"))
        if problems:
            raise InvalidInput(problems)

    @property
    def people(self) -> Console:
        """Where the summary goes: standard output, unless a file has it to itself."""
        return console.stderr() if STDOUT in self.files.values() else console.stdout()

    def write(self, render: Callable[[str], bytes]) -> None:
        """Writes each file, `render(format)` its bytes. One that fails keeps no other from being written.

        Raises InvalidInput that names those that were not.
        """
        problems = list(filter(None, (_write(flag, path, render(name)) for flag, name, path in self._all())))
        if problems:
            raise InvalidInput(problems)

    def _all(self) -> Iterator[tuple[str, str, str]]:
        """(flag, format, path) of each file."""
        for name, path in self.files.items():
            yield f"--{name}", name, path
        if self.csv is not None:
            yield from ((f"--{CSV_FLAG}", name, path) for name, path in csv_paths(self.csv))


def csv_paths(folder: str) -> Iterator[tuple[str, str]]:
    """(format, path) of each CSV file in a folder."""
    from webui.exports import CSV

    return ((name, str(Path(folder) / name)) for name in CSV)


def write_file(path: str, data: bytes) -> None:
    """Writes a file, its folder made where there is none, or to standard output. Raises OSError."""
    if path == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_bytes(data)


def _write(flag: str, path: str, data: bytes) -> Problem | None:
    try:
        write_file(path, data)
    except OSError as error:
        name = "standard output" if path == STDOUT else repr(path)
        return Problem(flag, f"{name} was not written: {(error.strerror or str(error)).lower()}")
    return None


def _file_problem(name: str, text: str) -> Problem | None:
    reason = None if text == STDOUT else path_problem(text)
    return None if reason is None else Problem(f"--{name}", reason)


def path_problem(text: str) -> str | None:
    """Why no file can be written there; None where one can."""
    path = Path(text)
    if path.is_dir() or not path.name:
        return f"{text!r} is a folder; name a file in it"
    if not path.absolute().parent.is_dir():
        return f"there is no folder {str(path.parent)!r}; make it first"
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        return f"{text!r} cannot be written; choose another file"
    return None


def _folder_problem(text: str) -> str | None:
    """Why no files can be written in that folder; None where they can. It is made where there is none."""
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        return f"{text!r} is a file; name a folder"
    existing = path if path.exists() else path.parent
    if not existing.is_dir():
        return f"there is no folder {str(path.parent)!r}; make it first"
    return None if os.access(existing, os.W_OK) else f"{text!r} cannot be written; choose another folder"
