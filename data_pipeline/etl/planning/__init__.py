"""What a run is to load: the input's listing held against the definitions and the ledger. Pure; runs on Python 3.9."""
