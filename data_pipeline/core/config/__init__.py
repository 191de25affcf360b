"""The models of the configuration: what YAML may say, as values. Imports facts."""
