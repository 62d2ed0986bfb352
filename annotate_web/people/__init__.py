"""The people who annotate: what was done by whom, their data, and the time they worked."""
