"""What the caller of the generator can mend."""


class SampleError(Exception):
    """A request that cannot be met; the message says where, what was found and what to do."""
