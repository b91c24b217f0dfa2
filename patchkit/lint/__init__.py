# SPDX-License-Identifier: GPL-2.0-only
"""LINT: whether every path that charges an unevictable page also gives it back and checks both."""
