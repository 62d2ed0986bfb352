"""What those who lead an annotation look at: progress, traces, agreement, and what is odd."""
