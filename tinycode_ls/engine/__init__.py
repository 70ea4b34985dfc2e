"""Runs a model file: states, steps, prefix reading, sampling and search. Knows nothing of editors or training."""
