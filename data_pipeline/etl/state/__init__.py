"""What a run leaves for the next one: the ledger of source files. Runs on Python 3.9; knows no engine of tables."""
