"""What a deployment brings and changes: artifacts, packages, change sets, stack states, IAM in words."""
