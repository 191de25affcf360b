"""Steps → the state machine: states, expressions, input, end states, notifications. Imports config and facts."""
