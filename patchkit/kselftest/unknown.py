# SPDX-License-Identifier: GPL-2.0-only
"""What the model does not know."""

from __future__ import annotations


class Unpredictable(Exception):
    """What happens depends on what the model does not know; the text says on what."""
