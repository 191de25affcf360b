"""The one class of error for what a user can mend."""


class UserError(Exception):
    """Something the user can mend: the message says where, what was found, what was expected, what to do next."""
