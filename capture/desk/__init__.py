"""What the operator of a recording sees and does."""
