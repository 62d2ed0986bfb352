"""GigE Vision cameras by Aravis, and how their frames are counted."""
