"""A session is a folder: one document, and one recording a stream."""
