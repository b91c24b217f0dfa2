# SPDX-License-Identifier: GPL-2.0-only
"""The kernels that claims are made on."""

REAL_VERSIONS = ("5.10", "6.1", "6.12", "7.2")
