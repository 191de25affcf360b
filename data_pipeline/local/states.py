"""placeholder"""


def install() -> None:
    """Install."""
