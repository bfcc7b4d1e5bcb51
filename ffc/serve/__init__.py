"""Answer models over HTTP."""
