"""The one class of error for what a user can mend."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend: the message says where, what was found, what was expected, what to do next."""


def not_installed(what: str, packages: str) -> UserError:
    """The error of ``what``, as "SQL is checked", for which packages of the extra ``local`` are missing."""
    return UserError(
        f"{what} with {packages}, not installed here; install what the project names: pip install -r requirements.txt"
    )
