"""Polygenic scores on simulated people: what a prior from embeddings is worth."""
