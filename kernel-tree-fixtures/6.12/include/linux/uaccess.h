/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_UACCESS_H__

#ifndef untagged_addr_remote
#define untagged_addr_remote(mm, addr)	({		\
	mmap_assert_locked(mm);				\
	untagged_addr(addr);				\
})
#endif

#endif
