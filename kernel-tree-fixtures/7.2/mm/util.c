// SPDX-License-Identifier: GPL-2.0-only
int __account_locked_vm(struct mm_struct *mm, unsigned long pages, bool inc,
			const struct task_struct *task, bool bypass_rlim)
{
			if (locked_vm + pages > limit)
				ret = -ENOMEM;
}
