"""The entry scripts that are the tool's own."""
