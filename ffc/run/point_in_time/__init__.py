"""Features as they were known: training sets, and any keys and times that somebody brings."""
