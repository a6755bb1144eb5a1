"""Suite tests: how many loci each test finds, and what its errors are."""
