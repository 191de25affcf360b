"""YAML → models, or every finding with its file and line. Imports config, machine and facts."""
