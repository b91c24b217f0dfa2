// SPDX-License-Identifier: GPL-2.0-only
/* A test of what moves when pages change hands: the fixture is a macro. */
#include "../kselftest_harness.h"

enum {
	IOPT_PAGES_ACCOUNT_NONE,
	IOPT_PAGES_ACCOUNT_MM,
};

long get_vm_locked(int pid);
long get_vm_pinned(int pid);

TEST_F(change_process, basic)
{
	const long nlock = 4;
	int parent = getpid();

	if (fork() == 0) {
		ASSERT_EQ(nlock, get_vm_pinned(parent));
		if (variant->accounting == IOPT_PAGES_ACCOUNT_MM)
			ASSERT_EQ(nlock, get_vm_locked(parent));

		change_owner(self->fd);
		ASSERT_EQ(nlock, get_vm_pinned(getpid()));
		if (variant->accounting == IOPT_PAGES_ACCOUNT_MM)
			ASSERT_EQ(nlock, get_vm_locked(getpid()));
	}
}
