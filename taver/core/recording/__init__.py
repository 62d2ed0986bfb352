"""One stream of frames in one MCAP file: written, read, checked and rescued."""
