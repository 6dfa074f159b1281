"""Where the result of `katydid run` goes."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from webui.analysis.document import RunDocument
from webui.cli import console
from webui.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Output:
    """Where a run's result goes. `json_file` is a path, `-` for standard output, or None."""

    json_file: str | None
    quiet: bool

    def check(self) -> None:
        """Raises InvalidInput where the document could not be written: before the run, not after it."""
        if self.json_file in (None, "-"):
            return
        path = Path(self.json_file or "")
        if path.is_dir() or not path.name:
            raise InvalidInput.at("--json", f"{self.json_file!r} is a folder; name a file in it")
        if not path.absolute().parent.is_dir():
            raise InvalidInput.at("--json", f"there is no folder {str(path.parent)!r}; make it first")
        if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            raise InvalidInput.at("--json", f"{self.json_file!r} cannot be written; choose another file")

    @property
    def people(self) -> Console:
        """Where the summary goes: standard output, unless the document has it to itself."""
        return console.stderr() if self.json_file == "-" else console.stdout()

    def write(self, document: RunDocument) -> None:
        """Writes the document where it was asked for."""
        if self.json_file is None:
            return
        text = json.dumps(document.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2)
        if self.json_file == "-":
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        else:
            self._write_file(Path(self.json_file), f"{text}\n")

    def _write_file(self, path: Path, text: str) -> None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidInput.at("--json", f"{str(path)!r} was not written: {error.strerror}") from error
