"""Measured speed: what load generators wrote, read into one form, its tails as limits, and joined to verdicts.

`read` tells the format of a file by what is in it, `run` is the form it is read into, `tails` states latencies that all
but a share stay below, and `join` says which of the answers that were timed were also judged.
"""
