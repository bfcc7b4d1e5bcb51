"""Build one node: its relation made, checked and tested before anything points to it."""
