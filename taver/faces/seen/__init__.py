"""Faces to look at: pictures with their points, a time line, a page, a film."""
