"""Records what the sensors see: drivers, the recording loop and its pictures."""
