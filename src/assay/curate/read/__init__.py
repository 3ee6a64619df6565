"""Readers: a file in, blocks of documents out; what is no document is counted with its place and its reason."""
