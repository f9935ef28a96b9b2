"""What `make demo` leaves out, and how to get it: the extras of pyproject.toml."""

import sys
from typing import Final

from nautilus_bot.core.errors import ConfigError

EXTRA_OF: Final = {
    "numba": "research",
    "optuna": "research",
    "scipy": "research",
    "psycopg2": "research",
    "streamlit": "dashboard",
    "redis": "redis",
    "s3fs": "s3",
}
"""The extra that brings a package, by the name under which the package is imported."""


def missing_extra(error: ModuleNotFoundError) -> ConfigError | None:
    """
    Say how to install what an import did not find.

    Parameters
    ----------
    error : ModuleNotFoundError
        Of any import.

    Returns
    -------
    ConfigError | None
        None where no extra brings the package: then the import itself is wrong.
    """
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF.get(package)
    if extra is None:
        return None
    return ConfigError(
        f"this command needs the package {package}, not installed; `make setup` brings all there is, "
        f"`{sys.executable} -m pip install 'nautilus-bot[{extra}]'` this"
    )
