"""What `katydid serve` settles before it listens: a token where one is needed, and its certificate."""

import ssl

from pydantic import SecretStr

from webui.cli.console import complain
from webui.errors import InvalidInput
from webui.security.access import access_of, is_exposed, needs_token, new_token
from webui.settings import Settings


def with_token(settings: Settings) -> tuple[Settings, str | None]:
    """The settings with a new token where one is needed and none was given, and that token, to be shown once.

    Raises InvalidInput for tokens and certificates that cannot be used.
    """
    made = new_token() if needs_token(settings) else None
    if made is not None:
        settings = settings.model_copy(update={"access_token": SecretStr(made)})
    access = access_of(settings)
    _check_certificate(settings)
    if not access.controlled and is_exposed(settings.host, settings.allowed_host):
        complain("katydid: access control is off: whoever can reach this dashboard can send load from here")
    return settings, made


def _check_certificate(settings: Settings) -> None:
    if settings.tls_cert is None:
        if settings.tls_key is not None:
            raise InvalidInput.at("tls_key", "goes with --tls-cert")
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_cert, settings.tls_key
        )
    except OSError as error:  # ssl.SSLError is one
        reason = (error.strerror or str(error)).lower()
        raise InvalidInput.at("tls_cert", f"no usable certificate and key: {reason}") from error
