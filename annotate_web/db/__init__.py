"""Where annotations are kept: tables, how a database is opened, and what is asked of it."""
