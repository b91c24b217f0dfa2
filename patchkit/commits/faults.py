# SPDX-License-Identifier: GPL-2.0-only
"""Where a test may stop the program: after every step that changes something on disk.

With ``PATCHKIT_FAIL_AT=n`` in the environment the process sends itself SIGKILL after its n-th
step, which no handler and no ``finally`` can soften. Without it a step costs one look-up.
"""

from __future__ import annotations

import itertools
import os
import signal

VARIABLE = "PATCHKIT_FAIL_AT"

_steps = itertools.count(1)


def step(name: str) -> None:
    """Mark the end of a step; *name* is for the reader of the calling code."""
    wanted = os.environ.get(VARIABLE)
    if wanted and next(_steps) == int(wanted):
        os.kill(os.getpid(), signal.SIGKILL)
