"""``python -m data_pipeline``: the whole command tree."""

from data_pipeline.cli.entry import start

if __name__ == "__main__":
    start("python -m data_pipeline")
