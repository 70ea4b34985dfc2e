"""The workspace as a second model: which files, exact counts, where a match came from."""
