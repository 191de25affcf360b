"""The source of the compiled scan of CSV: development only."""
