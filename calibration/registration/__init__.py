"""Depth and heat brought onto the colour picture."""
