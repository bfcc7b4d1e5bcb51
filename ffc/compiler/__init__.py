"""The compiler: project files in, a manifest and diagnostics out; no connection, no data."""
