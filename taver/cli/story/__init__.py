"""What `taver demo` tells: a file for each chapter of the story."""
