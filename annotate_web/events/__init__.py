"""What annotators did: taken in once and for good, and replayed into values at frames."""
