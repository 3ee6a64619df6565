"""What a person reads: the terminal, and the page."""
