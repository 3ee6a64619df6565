"""Put tasks to a system: an OpenAI-compatible endpoint, the embedded model, or a replay of recorded answers."""
