"""Removes a person from a study, proves it by a scan, and says what it cannot reach."""
