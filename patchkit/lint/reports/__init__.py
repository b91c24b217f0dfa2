# SPDX-License-Identifier: GPL-2.0-only
"""The forms of a report, one a module: each turns a report into text and writes nothing."""
