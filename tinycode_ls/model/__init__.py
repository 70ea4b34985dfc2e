"""The contract between trainer and server: what a model is and what its file holds. Knows nothing of torch."""
