"""The embedded AWS's error for what a user can mend."""


class LocalError(Exception):
    """Something the user can mend: the message says what was found and what to do next."""
