"""Start the pipeline of an environment and follow it to its end."""

from data_pipeline.cli.entry import start

if __name__ == "__main__":
    start("data_pipeline_run.py", "run", __file__)
