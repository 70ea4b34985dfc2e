"""Source files on disk -> memory-mapped byte arrays to train on."""
