# SPDX-License-Identifier: GPL-2.0-only
"""Carry kernel memory-management patch series across kernel versions and prove that they hold."""

__version__ = "0.1.0"
