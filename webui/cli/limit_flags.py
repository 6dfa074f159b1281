"""The flags of `katydid serve` that say where tests may send to, and how much."""

from dataclasses import dataclass
from typing import Annotated

from webui.cli.spreading import in_panel

_limit = in_panel("What tests may do")
_Text = str | None
_Texts = list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitFlags:
    """As typed; None where a flag was not given."""

    allow_target: Annotated[
        _Texts,
        _limit(
            "--allow-target",
            metavar="PATTERN",
            says="Tests may send here and nowhere else: host, *.suffix, network or *, with :PORTS; "
            "repeatable.",
        ),
    ] = None
    deny_target: Annotated[
        _Texts, _limit("--deny-target", metavar="PATTERN", says="Tests may not send here; repeatable.")
    ] = None
    allow_env: Annotated[
        _Texts,
        _limit(
            "--allow-env", metavar="NAME", says="Plans may take this variable of the environment; repeatable."
        ),
    ] = None
    max_users: Annotated[
        _Text, _limit("--max-users", metavar="N", says="The most users a test may have.")
    ] = None
    max_rate: Annotated[
        _Text, _limit("--max-rate", metavar="RATE", says="The highest rate a test may plan, such as 500/s.")
    ] = None
    max_duration: Annotated[
        _Text, _limit("--max-duration", metavar="TIME", says="The longest a test may last, such as 10min.")
    ] = None
    max_body: Annotated[
        _Text, _limit("--max-body", metavar="SIZE", says="The largest body sent or read, such as 10MB.")
    ] = None
