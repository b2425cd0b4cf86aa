"""`python -m smartcar_async` is the `smartcar` command."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
