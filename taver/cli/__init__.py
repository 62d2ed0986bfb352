"""The commands: each parses, calls an engine, and reports."""
