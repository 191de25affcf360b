"""The command line: click, rich and every printed word. May import every room; nothing imports it."""
