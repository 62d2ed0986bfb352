"""What people read: a catalogue of texts in each language, and the instructions."""
