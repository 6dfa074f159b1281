"""TLS inside the connection: OpenSSL on memory buffers, four times as fast as the event loop's own TLS."""

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import NamedTemporaryFile
from time import perf_counter_ns as clock

from webui.engine.protocol import USUAL, Connection, Handler
from webui.engine.template import Template
from webui.errors import InvalidInput
from webui.plan.model import HttpOptions

_READ = 16 * 1024  # a whole record, so that nothing of one is left behind
_LAST_WORDS = 4096  # bytes that are waited for when a connection is closed


def tls_context(options: HttpOptions, *, identify: bool = True) -> ssl.SSLContext:
    """For client connections. Raises InvalidInput for certificates and keys that can't be used.

    Certificate and host name must satisfy the system's CAs or the plan's own, unless nothing is verified.
    `identify`: the plan's client certificate, if it has one, is shown to servers that ask.
    """
    context = ssl.create_default_context()
    if not options.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if options.ca_pem is not None:
        _trust(context, options.ca_pem)
    if identify and options.client_cert_pem is not None and options.client_key_pem is not None:
        _identify(context, options.client_cert_pem, options.client_key_pem)
    return context


def _trust(context: ssl.SSLContext, pem: str) -> None:
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InvalidInput.at("http.ca_pem", f"this is no CA certificate in PEM form: {reason}") from error


def _identify(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        with _readable(f"{certificate}\n{key}\n".encode()) as path:
            context.load_cert_chain(path, password=lambda: b"")
    except ssl.SSLError as error:
        reason = error.reason or "they are no certificate and unencrypted key in PEM form"
        raise InvalidInput.at(
            "http.client_cert_pem", f"the client's certificate and key can't be used: {reason}"
        ) from error


@contextmanager
def _readable(data: bytes) -> Iterator[str]:
    """A path to those bytes, which OpenSSL insists on: in memory where the system can, else a file that
    only this user may read, for a moment."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("katydid", os.MFD_CLOEXEC), "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name


class TlsConnection(Connection):
    """An HTTP/1.1 connection over TLS."""

    __slots__ = ("_given_up", "_incoming", "_outgoing", "_ready", "_started_ns", "_tls")

    def __init__(self, handler: Handler, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(handler)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._ready = False
        self._given_up = False  # nothing more is to be reported of the handshake
        self._started_ns = 0

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if not self._ready:
            self._shake_hands()
            if not self._incoming.pending:
                return
        try:
            plain, ended = self._decrypt()
        except ssl.SSLError as error:
            self._break(_reason(error))
            return
        if self._outgoing.pending:  # what TLS has to say for itself: key updates
            self._flush()
        if plain:
            super().data_received(plain)
        if ended:
            self._ended(None)

    def send(self, template: Template) -> None:
        self._template = template
        self._stage = USUAL
        self._tls.write(template.data)
        self._transport.write(self._outgoing.read())

    def _write(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def close(self) -> None:
        self._given_up = True
        super().close()

    def _connected(self) -> None:
        self._started_ns = clock()
        self._shake_hands()

    def _flush(self) -> None:
        self._transport.write(self._outgoing.read())

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()  # the alert, so that the server learns why
            self._refuse(_reason(error))
            return
        self._ready = True
        self.handler.on_tls(clock() - self._started_ns)
        if self._outgoing.pending:
            self._flush()
        super()._connected()

    def _decrypt(self) -> tuple[bytes, bool]:
        """All whole records that have come, and whether the other side has ended the stream."""
        plain = b""
        try:
            while part := self._tls.read(_READ):
                plain += part
                # Asking first spares an exception for every response.
                if not self._incoming.pending:
                    return plain, False
        except ssl.SSLWantReadError:
            return plain, False
        return plain, True

    def _break(self, detail: str) -> None:
        if self.busy:
            self._fail("tls_error", detail, self._received)
        else:
            self.close()

    def _refuse(self, detail: str) -> None:
        handler = self.handler
        self.close()
        handler.on_open_failed(self, "tls_error", detail)

    def _ended(self, exc: Exception | None) -> None:
        if not self._ready and not self._given_up:
            self._refuse("the connection was closed during the TLS handshake")
        super()._ended(exc)

    def _hang_up(self, transport: asyncio.Transport) -> None:
        """Like a plain connection's, but TLS's own goodbye, or an alert, goes out first if it can at once."""
        if transport.is_closing() or transport.get_write_buffer_size() > _LAST_WORDS:
            transport.abort()
            return
        if self._ready:
            with suppress(ssl.SSLError):  # it waits for the other side's goodbye, which nobody needs
                self._tls.unwrap()
            self._flush()
        transport.close()


def _reason(error: ssl.SSLError) -> str:
    verify = getattr(error, "verify_message", "")
    return f"the certificate was not accepted: {verify}" if verify else f"TLS: {error.reason or error}"
