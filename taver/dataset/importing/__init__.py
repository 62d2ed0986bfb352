"""Corpora of others, videos with labels, made into the same dataset: colour alone."""
