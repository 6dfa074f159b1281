"""`katydid serve`: the dashboard."""

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="HOST",
            help="Listen here: an address of this machine's loopback.",
            show_default="127.0.0.1",
        ),
    ] = None,
    port: Annotated[
        str | None,
        typer.Option(
            "--port", metavar="N", help="Listen on this port; 0 takes any free one.", show_default="8090"
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            "--database-url",
            metavar="URL",
            help="Keep runs here: sqlite:///FILE or postgresql://…",
            show_default="katydid.db in the data folder",
        ),
    ] = None,
    data_dir: Annotated[
        str | None,
        typer.Option("--data-dir", metavar="DIR", help="The data folder.", show_default="the user's own"),
    ] = None,
    max_running: Annotated[
        str | None,
        typer.Option("--max-running", metavar="N", help="How many tests run at a time.", show_default="4"),
    ] = None,
    max_queued: Annotated[
        str | None,
        typer.Option("--max-queued", metavar="N", help="How many more may wait.", show_default="200"),
    ] = None,
    practice_target: Annotated[
        bool | None,
        typer.Option(
            "--practice-target/--no-practice-target",
            help="Serve the practice targets too.",
            show_default="on",
        ),
    ] = None,
) -> None:
    """Serve the dashboard. Each option can also be set in the environment, such as KATYDID_PORT."""
    from webui.cli.configuration import load_settings
    from webui.cli.interrupts import leave
    from webui.cli.listening import bind, check_host

    settings = load_settings(
        {
            "host": host,
            "port": port,
            "database_url": database_url,
            "data_dir": data_dir,
            "max_running": max_running,
            "max_queued": max_queued,
            "practice_target": practice_target,
        }
    )
    check_host(settings.host)
    sock = bind(settings.host, settings.port)
    from webui.cli.server import serve_dashboard  # takes a second, which mistakes need not wait for

    serve_dashboard(settings, sock)
    leave()
