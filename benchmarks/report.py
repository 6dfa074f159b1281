"""Results as tables: plain on a terminal, Markdown in a file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NO_NOTE = "What the limit is and what was tried is still to be written."


@dataclass(frozen=True)
class Limit:
    """What a figure must keep: `value` at least, or at most, `bound`."""

    what: str
    value: float
    bound: float
    at_least: bool
    unit: str = ""

    @property
    def kept(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        wanted = f"{'at least' if self.at_least else 'at most'} {self.bound:g}{self.unit}"
        return f"{'kept' if self.kept else 'NOT REACHED'}: {self.what} {self.value:.3g}{self.unit}, {wanted}"


@dataclass(frozen=True)
class Section:
    """One benchmark's table, its limits, remarks and the commands that gave its figures."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    limits: Sequence[Limit] = ()
    remarks: Sequence[str] = ()
    commands: Sequence[str] = ()

    def text(self) -> str:
        table = [self.header, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.header))]
        lines = ["  ".join(_padded(row, widths)).rstrip() for row in table]
        return "\n".join([self.title, *lines, *map(str, self.limits), *self.remarks])

    def markdown(self, notes: Mapping[str, str]) -> str:
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (self.header, rule, *self.rows)]
        verdicts = [line for limit in self.limits for line in _verdict(limit, notes)]
        parts = [f"## {self.title}", "\n".join(lines), "\n".join([*verdicts, *map(_item, self.remarks)])]
        if self.commands:
            parts.append("\n".join(["```", *self.commands, "```"]))
        return "\n\n".join(part for part in parts if part)


def broken_off(name: str, error: Exception) -> Section:
    """The section of a benchmark that could not be finished."""
    # Folders of this machine mean nothing to a reader.
    reason = re.sub(r"/[\w./-]*/", "…/", f"{type(error).__name__}: {error}".splitlines()[0])[:300]
    return Section(name, ["figure", "value"], [], [Limit("finished", 0, 1, at_least=True)], [reason])


def _verdict(limit: Limit, notes: Mapping[str, str]) -> list[str]:
    if limit.kept:
        return [_item(str(limit))]
    return [_item(f"**{limit}**"), f"  {' '.join(notes.get(limit.what, NO_NOTE).split())}"]


def _item(text: str) -> str:
    return f"- {text}"


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]


@dataclass
class Report:
    """All sections of one run of the benchmarks, by the benchmark's name."""

    sections: dict[str, Section] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether every limit is."""
        return all(limit.kept for section in self.sections.values() for limit in section.limits)

    def markdown(
        self,
        about: Sequence[str],
        origin: str,
        notes: Mapping[str, Mapping[str, str]],
        before: Mapping[str, str] | None = None,
    ) -> str:
        """The file: `about` the machine, then each section with its limits' notes and its `origin`, among
        those of the file as it was `before`, by name, that were not measured now."""
        head = "\n".join(["# Results", "", *map(_item, about)])
        now = {
            name: f"{section.markdown(notes.get(name, {}))}\n\n{origin}"
            for name, section in self.sections.items()
        }
        parts = [f"<!-- {name} -->\n{text}" for name, text in ({**(before or {}), **now}).items()]
        return "\n\n".join([head, *parts]) + "\n"


def sections_of(markdown: str) -> dict[str, str]:
    """The sections of such a file, by the benchmark's name."""
    _, *parts = re.split(r"^<!-- ([a-z-]+) -->\n", markdown, flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
