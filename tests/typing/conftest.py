"""`typing` is a module of Python itself: what these tests share is imported from the folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
