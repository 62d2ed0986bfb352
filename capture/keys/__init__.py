"""The keys by which a master and the agents of its study know each other."""
