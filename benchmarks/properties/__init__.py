"""What can be read off embeddings of descriptions: properties of variants."""
