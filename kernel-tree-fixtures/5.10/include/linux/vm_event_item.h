/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_VM_EVENT_ITEM_H
#define _LINUX_VM_EVENT_ITEM_H

enum vm_event_item {
	PSWPOUT,
	PGLAZYFREE,
	PGLAZYFREED,
	NR_VM_EVENT_ITEMS
};

#endif /* _LINUX_VM_EVENT_ITEM_H */
