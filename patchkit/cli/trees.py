# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit tree``."""

from __future__ import annotations

import argparse

from patchkit.cli.output import Output, ProgressDisplay
from patchkit.errors import ExitCode
