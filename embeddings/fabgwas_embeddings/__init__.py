"""Variant embeddings: annotations, descriptions, encoders and the store they fill."""
