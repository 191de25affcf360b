"""What ``deploy`` is made of: packaging, wheels, plans of the stacks, their progress on the screen."""
