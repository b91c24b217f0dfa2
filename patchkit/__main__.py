# SPDX-License-Identifier: GPL-2.0-only
"""``python -m patchkit``."""

import sys

from patchkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
