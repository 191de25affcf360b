"""A module a client: its packages, and its cases."""
