"""`python -m ffc`."""

from __future__ import annotations

from ffc.cli import program

if __name__ == "__main__":
    program()
