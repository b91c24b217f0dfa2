# SPDX-License-Identifier: GPL-2.0-only
"""Which words of kernel C are macros that a C grammar stumbles over, and of what kind."""

from __future__ import annotations

import re

ANNOTATIONS = frozenset(
    b"""
    __init __initdata __initconst __initdata_or_module __exit __exitdata __init_or_module
    __meminit __meminitdata __meminitconst __memexit __devinit __devexit __devinitdata
    __devinitconst __cpuinit __cpuinitdata __net_init __net_exit __net_initdata
    __init_memblock __initdata_memblock __ref __refdata __refconst __latent_entropy
    __user __iomem __force __rcu __percpu __kernel __private __bitwise __bitwise__ __nocast __safe
    __must_check __always_inline __inline __inline__ noinline noinline_for_stack
    noinline_for_tracing __fastpath_inline __flatten __noreturn __cold __hot __pure
    __attribute_const__ __malloc __weak __used __unused __maybe_unused __always_unused __visible
    __read_mostly __ro_after_init __packed __deprecated __randomize_layout __no_randomize_layout
    __designated_init __nonstring __data_racy __cacheline_aligned __cacheline_aligned_in_smp
    ____cacheline_aligned ____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp
    __page_aligned_data __page_aligned_bss __no_kmsan_checks __no_sanitize_address
    __no_sanitize_memory __no_sanitize_thread __no_kasan_or_inline __no_kcsan_or_inline
    __no_kcsan __no_kstack_erase __no_stack_protector __no_profile __no_context_analysis
    __noclone __nocfi __noendbr __naked __noscs __no_randomize noinstr notrace nokprobe_inline
    asmlinkage __bpf_kfunc __sched __lockfunc __kprobes __irq_entry __softirq_entry __cpuidle
    __entry_text __ksym __hyp_text __restrict __extension__ __rcu_guarded __exception
    __exception_irq_entry __nosavedata __this_module_init __irqentry_text __purgatory_ro_after_init
    __initdata_or_meminfo __signed__ __volatile __const__
    randomized_struct_fields_start randomized_struct_fields_end fastcall STATIC
    """.split()
)
"""Words that stand alone among the specifiers of a declaration, and mean nothing to its shape."""

ANNOTATIONS_WITH_ARGUMENTS = frozenset(
    b"""
    __attribute__ __attribute __acquires __releases __must_hold __cond_acquires __cond_releases
    __acquires_shared __releases_shared __must_hold_shared __cond_acquires_shared __acquires_ret
    __acquires_shared_ret __guarded_by __pt_guarded_by __acquire_ret __context_unsafe __context__
    __printf __scanf __aligned __section __alloc_size __realloc_size __counted_by __counted_by_le
    __counted_by_be __counted_by_ptr __sized_by __free __cleanup __assume_aligned
    __compiletime_error __compiletime_warning __no_sanitize __diagnose_as __access __alias __copy
    __format_arg __element_count __aligned_largest __alignas __packed_aligned __error __warning
    __cond_lock_annotation __lockdep_annotation __no_sanitize_undefined _Alignas
    """.split()
)
"""The same, followed by an argument list."""

TYPE_WORDS = frozenset(
    b"""
    struct union enum unsigned signed int long short char void float double bool const volatile
    size_t ssize_t ptrdiff_t intptr_t uintptr_t int8_t int16_t int32_t int64_t
    uint8_t uint16_t uint32_t uint64_t
    """.split()
)
"""Words that begin a type and cannot begin an expression for tree-sitter's grammar."""

KEYWORDS = frozenset(
    b"""
    if else for while do switch case default return goto break continue sizeof typeof __typeof__
    __typeof typeof_unqual __typeof_unqual__ _Alignof __alignof__ offsetof asm __asm__ _Generic
    struct union enum typedef static extern inline register auto const volatile
    unsigned signed int long short char void float double
    """.split()
)
"""Words that are never the name of a function or macro."""

TYPEOF = frozenset((b"typeof", b"__typeof__", b"__typeof", b"typeof_unqual", b"__typeof_unqual__",
                   b"typeof_member"))  # fmt: skip

SYSTEM_CALL = re.compile(rb"(?:COMPAT_)?SYSCALL(?:32)?_DEFINE(?P<count>[0-6])\Z")
"""Macros that define a system call: name, then type and name of each argument."""

NAMED_BY_ARGUMENT = re.compile(rb"BPF_CALL_(?P<count>[0-6])\Z")
"""Macros that define a function in the same way without being a system call."""

LOOP = re.compile(rb"\w*(?:for_?each|_each_|FOR_EACH)\w*\Z")
"""Macros that stand for the head of a loop."""

SCOPE = re.compile(rb"(?:scoped_\w+|\w*_scoped_\w+|\w+_scope|with_\w+|unsafe_\w*scope\w*)\Z")
"""Macros that stand for the head of a block that runs once."""


def is_annotation(word: bytes) -> bool:
    """Tell whether *word* is a known annotation, with or without arguments."""
    return word in ANNOTATIONS or word in ANNOTATIONS_WITH_ARGUMENTS


def is_macro_name(word: bytes) -> bool:
    """Tell whether *word* is written the way macros that define something are: in capitals."""
    return word.isupper() and len(word) > 2
