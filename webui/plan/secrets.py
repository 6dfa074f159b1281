"""Which names of headers, parameters and fields say that their value is a secret. Pure."""

import re

TELLTALES = (
    "authorization|cookie|token|secret|key|passw|pwd|passphrase|credential|session|signature|bearer|jwt"
)
_SECRET_NAME = re.compile(rf"{TELLTALES}|^(?:auth|sig|sid|pin|otp|code)$|[-_.]auth$|^x-auth", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a header, parameter or field of that name is taken to carry a secret."""
    return _SECRET_NAME.search(name) is not None
