"""What is claimed of state stores."""
