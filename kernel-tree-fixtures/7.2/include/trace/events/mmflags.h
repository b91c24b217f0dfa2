/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of VMA flags, as trace events print them. */
#if defined(CONFIG_64BIT)
#define IF_HAVE_VM_DROPPABLE(flag, name) {flag, name},
#else
#define IF_HAVE_VM_DROPPABLE(flag, name)
#endif

#define __def_vmaflag_names						\
	{VM_EXEC,	"exec"},					\
	{VM_LOCKED,	"locked"},					\
	{VM_IO,		"io"},						\
	{VM_LOCKONFAULT, "lockonfault"},				\
IF_HAVE_VM_DROPPABLE(VM_DROPPABLE, "droppable")				\
	{VM_ACCOUNT,	"account"}
