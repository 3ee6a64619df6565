"""Data quality, not quantity: clean a corpus, and measure what it does by training on it."""
