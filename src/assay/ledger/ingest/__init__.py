"""Files of others into the ledger: one reader a format, told apart by content."""
