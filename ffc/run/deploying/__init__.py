"""What was deployed, and the way back to it."""
