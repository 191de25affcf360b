"""What ``run`` and ``mirror`` are made of: input, uploads, following, reports on the screen."""
