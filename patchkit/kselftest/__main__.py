# SPDX-License-Identifier: GPL-2.0-only
"""``python -m patchkit.kselftest DIRECTORY``: write the tables into the templates there."""

from __future__ import annotations

import argparse
from pathlib import Path

from patchkit.kselftest import generate

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog=generate.COMMAND, description=generate.__doc__)
    parser.add_argument("templates", type=Path, nargs="?", default=Path("templates"))
    generate.write(parser.parse_args().templates)
