"""The file that the job publishes, in a package, so that it is found wherever the package lies."""
