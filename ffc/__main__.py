"""`python -m ffc`."""

from __future__ import annotations

from ffc.cli import main

if __name__ == "__main__":
    main()
