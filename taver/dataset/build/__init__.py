"""Builds a dataset: planned, cut out block by block, written beside the old one, put in place."""
