"""The local server: the labeling page.

Nothing here is for a network: it listens on 127.0.0.1, and says nothing without the token of its start.
"""
