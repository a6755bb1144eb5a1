"""Scores of people, and how good they are: arrays in, numbers out."""

from fabgwas.evaluate._sums import Sums, blocks_of, means, score_sums

__all__ = ["Sums", "blocks_of", "means", "score_sums"]
