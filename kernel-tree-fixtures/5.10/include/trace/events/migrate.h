/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TRACE_MIGRATE_H
#define _TRACE_MIGRATE_H

#define MIGRATE_REASON						\
	EM( MR_COMPACTION,	"compaction")			\
	EM( MR_SYSCALL,		"syscall_or_cpuset")		\
	EMe(MR_CONTIG_RANGE,	"contig_range")

#endif /* _TRACE_MIGRATE_H */
