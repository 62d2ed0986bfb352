"""Faces: found, followed, aligned, and carried from colour to depth and heat."""
