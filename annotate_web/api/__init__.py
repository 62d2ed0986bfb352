"""What the pages' programs ask and tell, in JSON."""
