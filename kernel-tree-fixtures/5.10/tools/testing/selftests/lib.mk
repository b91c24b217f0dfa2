# SPDX-License-Identifier: GPL-2.0-only
# A target that sets KSFT_KHDR_INSTALL gets headers beside its programs.
top_srcdir ?= ../../../..
OUTPUT ?= $(shell pwd)
