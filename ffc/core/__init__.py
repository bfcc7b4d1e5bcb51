"""The vocabulary that every room may use: errors, diagnostics, types, durations, YAML with marks."""
