"""The ledger: traces, verdicts and draws in a folder of Delta Lake tables."""
