# SPDX-License-Identifier: GPL-2.0-only
"""Edits of real kernel functions that nobody wrote rules for, and how many of them the lint sees.

The measure is independent of what it measures: sites are found with the syntax tree and with what
names and declared types say, never with the lint's own analysis.
"""
