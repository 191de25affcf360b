"""Start the pipeline of an environment and follow it to its end."""

from entry_point import start

if __name__ == "__main__":
    start("run", "data_pipeline_run.py")
