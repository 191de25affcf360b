"""One module a verb: it unpacks its options and calls functions with plain values."""
