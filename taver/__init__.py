"""A dataset toolkit for face video in colour, depth and heat with arousal and valence labels."""

__version__ = "0.1.0"
