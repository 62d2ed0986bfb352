"""Is what is recorded worth recording: judged from counters and small pictures, in words."""
