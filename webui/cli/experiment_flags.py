"""The flags of `katydid experiment` in groups, as typed; None where one was not given."""

from dataclasses import dataclass, field
from typing import Annotated

from webui.cli.spreading import in_panel

_tried, _load, _result = map(in_panel, ("What is tried", "Load", "Result"))
_Text = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedFlags:
    """The variants, a row each."""

    lab: Annotated[_Text, _tried("--lab", metavar="NAME", says="Try this practice target.")] = None
    workers: Annotated[
        _Text, _tried("--workers", metavar="LIST", says="With --lab: numbers of workers (1,2,4).")
    ] = None
    variant: Annotated[
        list[str],
        _tried("--variant", metavar="LABEL=URL", says="Try the service at this address; repeatable."),
    ] = field(default_factory=list)
    start: Annotated[
        list[str],
        _tried(
            "--start",
            metavar="LABEL=COMMAND",
            says="Try the service that this command starts on {port}, and end it; repeatable.",
        ),
    ] = field(default_factory=list)
    start_timeout: Annotated[
        _Text,
        _tried(
            "--start-timeout",
            metavar="TIME",
            says="With --start: how long a service may take until it answers (30s).",
        ),
    ] = None
    path: Annotated[_Text, _tried("--path", metavar="PATH", says="What is asked of your services (/).")] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFlags:
    """The levels of users, a column each, and how they are measured."""

    users: Annotated[
        _Text,
        _load("--users", "-u", metavar="LIST", says="Users at a time, one column each (1,4,16,64,256)."),
    ] = None
    time: Annotated[_Text, _load("--time", "-t", metavar="TIME", says="How long each cell lasts (3s).")] = (
        None
    )
    warmup: Annotated[
        _Text,
        _load("--warmup", metavar="TIME", says="Load before each cell, in none of its figures (500ms)."),
    ] = None
    diagnose: Annotated[
        bool,
        _load("--diagnose/--no-diagnose", says="Sweep each variant too, to say why it behaves so (yes)."),
    ] = True
    may_test: Annotated[
        bool, _load("--i-may-test", says="Yes, I may test the public addresses in this experiment.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFlags:
    """What it is called, and where it goes."""

    name: Annotated[_Text, _result("--name", metavar="TEXT", says="What lists call it.")] = None
    json_file: Annotated[
        _Text,
        _result("--json", metavar="FILE|-", says="Write the result document here; - is standard output."),
    ] = None
    quiet: Annotated[bool, _result("--quiet", "-q", says="Show nothing while it runs.")] = False
