"""What is claimed of warehouses."""
