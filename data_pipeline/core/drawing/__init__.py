"""Drawing a state machine and what it published, as SVG."""
