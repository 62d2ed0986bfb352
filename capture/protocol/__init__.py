"""What happens in a session, phase after phase: its file, and where it stands at a moment."""
