"""Finds the cameras, their places and the depth shift from what was seen of a board."""
