"""Many raters' traces of arousal and valence, and the one ground truth made of them."""
