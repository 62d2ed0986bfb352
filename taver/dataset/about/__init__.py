"""What a dataset holds, how its labels are distributed, whether it is whole, how two differ."""
