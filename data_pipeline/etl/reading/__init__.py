"""What reading source files shares: quarantine."""
