# SPDX-License-Identifier: GPL-2.0-only
"""Check rendered commits as a maintainer would."""
