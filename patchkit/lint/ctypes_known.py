# SPDX-License-Identifier: GPL-2.0-only
"""Types that need no looking up: integers, atomics, results of well-known helpers."""

from __future__ import annotations

FIXED = {
    "bool": (8, False), "_Bool": (8, False), "char": (8, True), "signed char": (8, True),
    "unsigned char": (8, False), "short": (16, True), "unsigned short": (16, False),
    "int": (32, True), "unsigned int": (32, False), "long": (64, True),
    "unsigned long": (64, False), "long long": (64, True), "unsigned long long": (64, False),
    "u8": (8, False), "u16": (16, False), "u32": (32, False), "u64": (64, False),
    "s8": (8, True), "s16": (16, True), "s32": (32, True), "s64": (64, True),
    "__u8": (8, False), "__u16": (16, False), "__u32": (32, False), "__u64": (64, False),
    "__s8": (8, True), "__s16": (16, True), "__s32": (32, True), "__s64": (64, True),
    "uint8_t": (8, False), "uint16_t": (16, False), "uint32_t": (32, False),
    "uint64_t": (64, False), "int8_t": (8, True), "int16_t": (16, True), "int32_t": (32, True),
    "int64_t": (64, True), "size_t": (64, False), "ssize_t": (64, True), "loff_t": (64, True),
    "off_t": (64, True), "pgoff_t": (64, False), "vm_flags_t": (64, False),
    "phys_addr_t": (64, False), "dma_addr_t": (64, False), "resource_size_t": (64, False),
    "uintptr_t": (64, False), "intptr_t": (64, True), "ptrdiff_t": (64, True),
    "gfp_t": (32, False), "pid_t": (32, True), "uid_t": (32, False), "gid_t": (32, False),
    "dev_t": (32, False), "umode_t": (16, False), "fmode_t": (32, False), "ulong": (64, False),
    "uint": (32, False), "sector_t": (64, False), "blkcnt_t": (64, False), "time64_t": (64, True),
    "ktime_t": (64, True), "gfn_t": (64, False), "kvm_pfn_t": (64, False), "hva_t": (64, False),
    "gpa_t": (64, False), "vm_fault_t": (32, False), "__kernel_size_t": (64, False),
    "compat_ulong_t": (32, False), "compat_size_t": (32, False), "acct_t": (64, False),
    "rlim_t": (64, False), "__be32": (32, False), "__le32": (32, False), "__be64": (64, False),
    "__le64": (64, False), "__aligned_u64": (64, False),
}  # fmt: skip
ATOMIC = {"atomic_t": "int", "atomic64_t": "s64", "atomic_long_t": "long"}
APPLIED = {
    "vma_pages": "unsigned long", "PTR_ERR": "long", "PTR_ERR_OR_ZERO": "int",
    "ERR_PTR": "void *", "ERR_CAST": "void *", "IS_ERR": "bool", "IS_ERR_OR_NULL": "bool",
    "IS_ENABLED": "int", "page_to_pfn": "unsigned long", "PHYS_PFN": "unsigned long",
    "pfn_to_page": "struct page *", "virt_to_page": "struct page *", "PFN_PHYS": "phys_addr_t",
    "offset_in_page": "unsigned long", "ilog2": "int", "fls": "int", "ARRAY_SIZE": "size_t",
    "linear_page_index": "pgoff_t", "struct_size": "size_t", "array_size": "size_t",
    "size_mul": "size_t", "size_add": "size_t", "IS_ALIGNED": "bool", "u64_to_user_ptr": "void *",
    "get_order": "int", "is_power_of_2": "bool", "BIT": "unsigned long",
}  # fmt: skip
KNOWN_CALLS = {
    "atomic64_read": "s64", "atomic_long_read": "long", "atomic_read": "int",
    "rlimit": "unsigned long", "task_rlimit": "unsigned long", "kzalloc": "void *",
}  # fmt: skip
ENTRIES = ("container_of", "container_of_const", "list_entry", "rb_entry", "rb_entry_safe",
            "hlist_entry", "list_first_entry", "list_last_entry",
            "list_first_entry_or_null", "interval_tree_entry")  # fmt: skip
