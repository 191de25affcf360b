"""Following a run: its history as states, failure reasons, result texts, where to look next."""
