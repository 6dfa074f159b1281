"""Where results are kept: the flags of the commands that keep one, and of those that read what is there."""

from dataclasses import dataclass
from typing import Annotated

import typer

from webui.cli.spreading import in_panel

_Text = str | None
_result = in_panel("Result")

ReadFrom = Annotated[
    _Text, typer.Option("--database-url", metavar="URL", help="Read this database.", show_default=False)
]
DataDir = Annotated[
    _Text, typer.Option("--data-dir", metavar="DIR", help="The folder it is in.", show_default=False)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingFlags:
    """Whether a result is kept, and where."""

    save: Annotated[
        bool,
        _result("--save/--no-save", says="Keep the result where the dashboard sees it, or nowhere (keep)."),
    ] = True
    database_url: Annotated[
        _Text, _result("--database-url", metavar="URL", says="Keep it in this database.")
    ] = None
    data_dir: Annotated[_Text, _result("--data-dir", metavar="DIR", says="The folder of the database.")] = (
        None
    )

    @property
    def places(self) -> dict[str, str | None] | None:
        """The settings of the database to keep it in; None: nowhere."""
        return {"database_url": self.database_url, "data_dir": self.data_dir} if self.save else None
