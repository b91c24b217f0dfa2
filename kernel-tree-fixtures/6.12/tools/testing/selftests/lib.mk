# SPDX-License-Identifier: GPL-2.0-only
KHDR_INCLUDES := -isystem $(top_srcdir)/usr/include
