"""Where calibration of the rig lives: the IR-depth shift, depth onto colour, thermal onto both."""
