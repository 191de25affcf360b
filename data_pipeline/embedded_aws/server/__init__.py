"""The server process: gateway, state on disk, start and stop, and the operations that it serves."""
