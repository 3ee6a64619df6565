"""Planned questions that bring out one strange failure each, and what they say in error volume."""
