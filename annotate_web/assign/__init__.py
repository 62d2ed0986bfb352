"""Who annotates which clip: k of n, drawn by seed, changed by a lead."""
