"""Points of the colour picture, found in the depth picture or the thermal one."""
