"""What `taver doctor` looks at: one module per concern, none of which imports anything heavy."""
