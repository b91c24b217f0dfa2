/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of VMA flags, as trace events print them. */
#define __def_vmaflag_names						\
	{VM_EXEC,	"exec"},					\
	{VM_LOCKED,	"locked"},					\
	{VM_IO,		"io"},						\
	{VM_LOCKONFAULT, "lockonfault"},				\
	{VM_ACCOUNT,	"account"}
