"""Where the templates and static files are: inside the package in a wheel, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The folder of Jinja templates. Raises FileNotFoundError in a broken installation."""
    return _find("templates")


def static_dir() -> Path:
    """The folder served under /static. Raises FileNotFoundError in a broken installation."""
    return _find("static")


def _find(name: str) -> Path:
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"Katydid's {name} folder is missing: install the package again")
