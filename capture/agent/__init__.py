"""Records the devices of one machine for a master: a process of its own, here or elsewhere."""
