"""Where the browser annotator lives: arousal and valence on sliders from -10 to 10."""
