"""The pure core: configuration, names, state machine, plans. Imports no other room, no boto3, no click."""
