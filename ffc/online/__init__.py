"""The newest values where a model can ask for them: keys, rows, sync, look-up."""
