"""Embeddings of people, L = G E: what they know of ancestry, and of phenotypes."""
