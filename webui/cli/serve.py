"""`katydid serve`: the dashboard."""

import typer

from webui.cli.limit_flags import LimitFlags
from webui.cli.serve_flags import AccessFlags, KeepFlags, ListenFlags, settings_of
from webui.cli.spreading import spread


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("serve")(spread(serve))


def serve(listen: ListenFlags, access: AccessFlags, keep: KeepFlags, limits: LimitFlags) -> int:
    """Serve the dashboard. Each option can also be set in the environment, such as KATYDID_PORT."""
    from webui.cli.admission import with_token
    from webui.cli.configuration import load_settings
    from webui.cli.interrupts import leave
    from webui.cli.listening import bind
    from webui.security.gate import Gate

    settings = load_settings(settings_of(listen, access, keep, limits))
    Gate.of(settings)  # a wrong pattern is said before anything starts
    settings, made = with_token(settings)
    sock = bind(settings.host, settings.port)
    from webui.cli.server import serve_dashboard  # takes a second, which mistakes need not wait for

    serve_dashboard(settings, sock, made)
    leave()
