"""`python -m tropnet.cli` is `tropnet`."""

from __future__ import annotations

import sys

from tropnet.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
