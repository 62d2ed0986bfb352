"""The videos that annotators see: made of a session's recordings, and served."""
