"""One module a command: options, one library call, output, exit code."""
