"""The vocabulary that every room may use: errors, diagnostics, types, YAML with marks."""
