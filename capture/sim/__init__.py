"""The simulated rig: people, boards and cameras whose truth is known."""
