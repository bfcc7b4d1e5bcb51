"""Where both sides of the manifest meet, for those who stand in front of them."""
