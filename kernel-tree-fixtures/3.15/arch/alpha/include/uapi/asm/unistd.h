/* SPDX-License-Identifier: GPL-2.0-only */
#define __NR_process_vm_readv		504
#define __NR_process_vm_writev		505
