"""Convolutional LSTM cells, guided or not: as the equations stand, and scheduled to be fast."""
