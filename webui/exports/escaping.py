"""JSON that is safe to show on a terminal. Pure."""

import re

# JSON itself escapes the controls below a space. These, too, a terminal may take for the start of a sequence.
_CONTROLS = re.compile("[\x7f-\x9f]")


def for_terminals(json_text: str) -> str:
    """The same JSON document with DEL and the C1 controls, which stand in strings only, as `\\u009b`."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
