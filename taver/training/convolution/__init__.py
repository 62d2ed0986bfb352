"""Convolutions of 3 by 3 (by 3) in fewer multiplications, where that pays."""
