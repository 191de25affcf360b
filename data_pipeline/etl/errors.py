"""The two errors of the jobs that a user can mend."""


class JobError(Exception):
    """The job cannot go on. The message is one line: where, what was found, what to do next."""


class FileError(Exception):
    """One source file cannot be read. Nothing of it is counted, the other files are; the message says why."""
