"""The headers that every response carries, which tell browsers what a page may do. Pure.

A route that needs another value sets the header itself: one that is there stays. So the badge, which other
sites' pages show, takes `EMBEDDABLE`.
"""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders

# Everything comes from here, and nothing runs that is not a file: no inline script or style, no eval.
_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY = "; ".join(f"{name} {value}" for name, value in _POLICY.items())

DEFAULTS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # says frame-ancestors to old browsers
    # Not no-referrer: without a referrer browsers say "null" for Origin, and changes need that.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}

# For pictures that other sites' pages show.
EMBEDDABLE: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Frame-Options": "",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def secure(headers: MutableHeaders) -> None:
    """Adds what is not there yet; a header that was set to nothing is left out."""
    for name, value in DEFAULTS.items():
        if headers.get(name) is None:
            headers[name] = value
        elif not headers[name]:
            del headers[name]
