"""What is claimed of online stores."""
