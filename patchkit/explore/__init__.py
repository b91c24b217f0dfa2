# SPDX-License-Identifier: GPL-2.0-only
"""Look for sequences of calls that a running kernel and the reference model disagree on.

The kselftests try what their tables hold. Here hypothesis makes sequences up while a guest runs,
with arguments that no table has, and makes one that fails as short as it can by trying again.
"""
