"""Build what a manifest describes: tables made whole, checked, and only then pointed to."""
