# SPDX-License-Identifier: GPL-2.0-only
top_srcdir ?= ../../../..
KHDR_INCLUDES := -isystem $(top_srcdir)/usr/include
