"""``python -m data_pipeline``: the whole command tree."""

from data_pipeline.cli.main import main

if __name__ == "__main__":
    main()
