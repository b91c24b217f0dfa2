# SPDX-License-Identifier: GPL-2.0-only
"""How many wrong versions of a series its own tests notice: generated, built, booted, scored."""
