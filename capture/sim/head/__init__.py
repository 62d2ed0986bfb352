"""People by seed: their shape, what covers it, and how it moves."""
