"""How a FLIR A65 is set for a recording, whichever library reaches it."""
