# SPDX-License-Identifier: GPL-2.0-only
"""The rules, one module each; every module here has a ``RULE``."""
