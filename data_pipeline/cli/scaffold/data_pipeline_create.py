"""Render the CloudFormation templates of every environment in config/ into templates/."""

from data_pipeline.cli.entry import start

if __name__ == "__main__":
    start("data_pipeline_create.py", "create", __file__)
