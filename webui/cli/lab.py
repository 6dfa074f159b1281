"""`katydid lab`: serves the practice targets."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from webui.lab.registry import PracticeTarget


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("lab")(lab)


def lab(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Serve only this one. Default: all.", show_default=False),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the practice targets and exit.")] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="The port; 0 takes any free one.")
    ] = 8091,
) -> None:
    """Serve practice targets: small real services on this machine whose behaviour is known."""
    from webui.cli.console import say
    from webui.lab.registry import TARGETS, find

    if list_:
        _list(TARGETS, say)
        return
    targets = TARGETS if name is None else (find(name),)

    def announce(url: str) -> None:
        for target in targets:
            say(f"{url}{target.path}  {target.teaches}")
        say("Ready. Press Ctrl-C to end.")

    _serve(targets, port, announce)


def _list(targets: "Sequence[PracticeTarget]", say: Callable[[str], None]) -> None:
    width = max(len(target.name) for target in targets)
    for target in targets:
        say(f"{target.name:<{width}}  {target.path}  {target.teaches}")


def _serve(targets: "Sequence[PracticeTarget]", port: int, announce: Callable[[str], None]) -> None:
    import contextlib

    from webui.lab.server import serve

    # uvicorn hands the signal on once it has closed; here that is the ordinary end.
    with contextlib.suppress(KeyboardInterrupt):
        serve(targets, port, announce)
