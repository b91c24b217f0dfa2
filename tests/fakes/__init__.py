# SPDX-License-Identifier: GPL-2.0-only
"""Stand-ins for what takes minutes: a kernel tree and QEMU."""
