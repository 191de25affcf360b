"""Render the CloudFormation templates of every environment in config/ into templates/."""

from entry_point import start

if __name__ == "__main__":
    start("create", "data_pipeline_create.py")
