"""Finds the board's corners in colour, in infrared and in heat."""
