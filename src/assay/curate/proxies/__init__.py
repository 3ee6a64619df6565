"""Small models that say what data is worth, by being trained on it."""
