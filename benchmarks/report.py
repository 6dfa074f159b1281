"""Results as tables: plain on a terminal, Markdown in a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.machine import described


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
        return f"{'kept' if self.kept else 'BROKEN'}: {self.what} {self.value:.3g}{self.unit}, {wanted}"


@dataclass(frozen=True)
class Section:
    """One benchmark's table, its limits and remarks."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    limits: Sequence[Limit] = ()
    remarks: Sequence[str] = ()

    def text(self) -> str:
        table = [self.header, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.header))]
        lines = ["  ".join(_padded(row, widths)).rstrip() for row in table]
        return "\n".join([self.title, *lines, *map(str, self.limits), *self.remarks])

    def markdown(self) -> str:
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (self.header, rule, *self.rows)]
        notes = [f"- {note}" for note in (*self.limits, *self.remarks)]
        return "\n".join([f"## {self.title}", "", *lines, "", *notes])


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]


@dataclass
class Report:
    """All sections of one run of the benchmarks."""

    command: str
    missing: Sequence[str]
    sections: list[Section] = field(default_factory=list)

    def add(self, section: Section) -> None:
        self.sections.append(section)

    @property
    def kept(self) -> bool:
        """Whether every limit is."""
        return all(limit.kept for section in self.sections for limit in section.limits)

    def markdown(self) -> str:
        head = ["# Results", "", f"`{self.command}`", "", *(f"- {line}" for line in described())]
        if self.missing:
            head.append(f"- not there, so not measured: {', '.join(self.missing)}")
        return "\n\n".join(["\n".join(head), *(section.markdown() for section in self.sections)]) + "\n"
