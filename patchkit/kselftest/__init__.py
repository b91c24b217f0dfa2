# SPDX-License-Identifier: GPL-2.0-only
"""What VmLck and VmPin must be: a model of an mm without a kernel, and the tests made from it."""
