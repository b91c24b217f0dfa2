# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures that tests of several stages share."""

from __future__ import annotations

from fakes.qemu import guest

__all__ = ["guest"]
