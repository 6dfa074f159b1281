"""Names of runs."""

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
LENGTH = 10


def new_run_id() -> str:
    """`r_` and ten random characters: 50 bits."""
    return "r_" + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
