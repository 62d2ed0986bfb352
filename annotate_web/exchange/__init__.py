"""Annotations for other programs, and theirs for this one."""
