/* SPDX-License-Identifier: GPL-2.0-only */
/* All that the files here need of the rest of a kernel: declarations, no more. */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long size_t;
typedef long ssize_t;
typedef long long loff_t;
typedef unsigned long uintptr_t;
typedef unsigned long pgoff_t;
typedef long long s64;
typedef unsigned long long u64;
typedef unsigned long long __u64;
typedef _Bool bool;

#define true		1
#define false		0
#define NULL		((void *)0)
#define ULONG_MAX	(~0UL)
#define BITS_PER_LONG	64
#define BIT(nr)		(1UL << (nr))

#define __user
#define asmlinkage
#define __must_check
#define __releases(lock)
#define __latent_entropy
#define __randomize_layout
#define EXPORT_SYMBOL(symbol)
#define EXPORT_SYMBOL_GPL(symbol)
#define likely(condition)	(condition)
#define unlikely(condition)	(condition)
#define READ_ONCE(value)	(value)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define ilog2(value)		(__builtin_ctzl(value))
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - __builtin_offsetof(type, member)))

#define EPERM	1
#define EINTR	4
#define EAGAIN	11
#define ENOMEM	12
#define EFAULT	14
#define EBUSY	16
#define EINVAL	22

#define ERR_PTR(error)		((void *)(long)(error))
#define PTR_ERR(pointer)	((long)(pointer))
#define IS_ERR(pointer)		((unsigned long)(pointer) > -4096UL)
#define IS_ERR_VALUE(value)	((unsigned long)(value) > -4096UL)

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(size)	(((size) + PAGE_SIZE - 1) & PAGE_MASK)
#define PFN_DOWN(size)		((size) >> PAGE_SHIFT)
#define PFN_UP(size)		(((size) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define TASK_SIZE	(1UL << 47)

typedef struct {
	int counter;
} atomic_t, refcount_t;

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	s64 counter;
} atomic64_t;

int atomic_read(const atomic_t *v);
void atomic_set(atomic_t *v, int i);
void atomic_inc(atomic_t *v);
void atomic_dec(atomic_t *v);
void refcount_set(refcount_t *r, int n);
void refcount_inc(refcount_t *r);
void refcount_dec(refcount_t *r);
unsigned int refcount_read(const refcount_t *r);
long atomic_long_read(const atomic_long_t *v);
void atomic_long_add(long i, atomic_long_t *v);
void atomic_long_sub(long i, atomic_long_t *v);
long atomic_long_add_return(long i, atomic_long_t *v);
s64 atomic64_read(const atomic64_t *v);
void atomic64_set(atomic64_t *v, s64 i);
void atomic64_add(s64 i, atomic64_t *v);
void atomic64_sub(s64 i, atomic64_t *v);
s64 atomic64_add_return(s64 i, atomic64_t *v);

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)	struct list_head name = { &(name), &(name) }

bool list_empty(const struct list_head *head);

struct mutex {
	atomic_t owner;
};

struct rw_semaphore {
	atomic_long_t count;
};

typedef struct {
	int locked;
} spinlock_t;

struct rb_root {
	void *rb_node;
};

struct rb_root_cached {
	void *root, *leftmost;
};

typedef struct {
	unsigned int sequence;
} seqcount_t;

unsigned int raw_read_seqcount(const seqcount_t *s);
void cond_resched(void);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

/* A loop of one turn, that holds a lock. */
#define scoped_guard(kind, lock) \
	for (int held = (kind##_lock(lock), 1); held; held = (kind##_unlock(lock), 0))

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void spin_lock_init(spinlock_t *lock);

#define RB_ROOT		((struct rb_root){ NULL })
#define RB_EMPTY_ROOT(root)	(!(root)->rb_node)
#define RB_ROOT_CACHED	((struct rb_root_cached){ NULL, NULL })

int printk(const char *format, ...);
bool warn_if(bool condition, const char *text);

#define pr_alert(...)	printk(__VA_ARGS__)
#define pr_debug(...)	printk(__VA_ARGS__)
#define WARN(condition, ...)	warn_if(condition, #condition)
#define WARN_ON(condition)	warn_if(condition, #condition)
#define VM_BUG_ON(condition)	WARN_ON(condition)
#define VM_WARN_ON_ONCE(condition)	WARN_ON(condition)

#endif /* _LINUX_KERNEL_H */
