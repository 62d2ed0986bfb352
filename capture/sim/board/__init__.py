"""Calibration boards: what is printed on them, how cameras see them, and where to hold them."""
