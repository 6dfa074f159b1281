"""`katydid serve`: the dashboard."""

from typing import Annotated

import typer

from webui.cli.limit_flags import LimitFlags
from webui.cli.spreading import spread


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("serve")(spread(serve))


def serve(
    limits: LimitFlags,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="HOST",
            help="Listen here. Other than on loopback, whoever asks needs a token.",
            show_default="127.0.0.1",
        ),
    ] = None,
    port: Annotated[
        str | None,
        typer.Option(
            "--port", metavar="N", help="Listen on this port; 0 takes any free one.", show_default="8090"
        ),
    ] = None,
    access_token: Annotated[
        str | None,
        typer.Option(
            "--access-token",
            metavar="TOKEN",
            help="Who has this may do everything. Others on this machine see it here: a file hides it.",
            show_default="none on loopback, else a new one",
        ),
    ] = None,
    access_token_file: Annotated[
        str | None, typer.Option("--access-token-file", metavar="FILE", help="Read that token from here.")
    ] = None,
    viewer_token: Annotated[
        str | None,
        typer.Option("--viewer-token", metavar="TOKEN", help="Who has this may read, and change nothing."),
    ] = None,
    viewer_token_file: Annotated[
        str | None, typer.Option("--viewer-token-file", metavar="FILE", help="Read that token from here.")
    ] = None,
    no_access_control: Annotated[
        bool, typer.Option("--no-access-control", help="Let in everybody who can reach the dashboard.")
    ] = False,
    session_hours: Annotated[
        str | None,
        typer.Option("--session-hours", metavar="N", help="How long a login lasts.", show_default="12"),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="Answer for this name too, such as katydid.example or *.example; repeatable.",
            show_default="the machine's own names and addresses",
        ),
    ] = None,
    tls_cert: Annotated[
        str | None,
        typer.Option("--tls-cert", metavar="FILE", help="Serve HTTPS with this certificate chain, PEM."),
    ] = None,
    tls_key: Annotated[
        str | None,
        typer.Option(
            "--tls-key",
            metavar="FILE",
            help="Its private key, PEM.",
            show_default="in the certificate's file",
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
    otlp_endpoint: Annotated[
        str | None,
        typer.Option(
            "--otlp-endpoint",
            metavar="URL",
            help="Send metrics to this OpenTelemetry collector, such as http://127.0.0.1:4318.",
        ),
    ] = None,
    otlp_interval: Annotated[
        str | None,
        typer.Option("--otlp-interval", metavar="TIME", help="How often.", show_default="10s"),
    ] = None,
) -> int:
    """Serve the dashboard. Each option can also be set in the environment, such as KATYDID_PORT."""
    from webui.cli.admission import with_token
    from webui.cli.configuration import load_settings
    from webui.cli.interrupts import leave
    from webui.cli.listening import bind
    from webui.security.gate import Gate

    settings = load_settings(
        {
            "host": host,
            "port": port,
            "access_token": access_token,
            "access_token_file": access_token_file,
            "viewer_token": viewer_token,
            "viewer_token_file": viewer_token_file,
            "access_control": False if no_access_control else None,
            "session_hours": session_hours,
            "allowed_host": allowed_host or None,
            "tls_cert": tls_cert,
            "tls_key": tls_key,
            "database_url": database_url,
            "data_dir": data_dir,
            "max_running": max_running,
            "max_queued": max_queued,
            "practice_target": practice_target,
            "otlp_endpoint": otlp_endpoint,
            "otlp_interval": otlp_interval,
            **limits.settings,
        }
    )
    Gate.of(settings)  # a wrong pattern is said before anything starts
    settings, made = with_token(settings)
    sock = bind(settings.host, settings.port)
    from webui.cli.server import serve_dashboard  # takes a second, which mistakes need not wait for

    serve_dashboard(settings, sock, made)
    leave()
