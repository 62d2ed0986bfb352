"""One module a device; none knows another, and all are found by entry point."""
