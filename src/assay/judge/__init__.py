"""Judges: who says whether an output is wrong, and by which rule."""
