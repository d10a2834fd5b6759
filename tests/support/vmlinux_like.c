/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A vmlinux-like file: types that are hard to read, and what the compiler says of them. */
#include "vmlinux_like.h"

typedef struct {
	int counter;
} atomic_t;

typedef unsigned long pgdval_t;
typedef struct {
	pgdval_t pgd;
} pgd_t;
typedef const volatile pgd_t odd_pgd_t;
typedef odd_pgd_t pgds_t[2];

struct list_head {
	struct list_head *next, *prev;
};

enum state {
	STATE_NEGATIVE = -5,
	STATE_ZERO,
	STATE_BIG = 0x7fffffff,
};

enum wide {
	WIDE_ONE = 1,
	WIDE_ALL = 0xfedcba9876543210ull,
};

enum bytes {
	BYTES_200 = 200,
	BYTES_40000 = 40000,
	BYTES_4G = 0xffffffff,
};

struct mm_rss_stat {
	atomic_t count[4];
};

struct task_struct {
	volatile long state;
	void *stack;
	struct list_head tasks;
	struct mm_struct *mm, *active_mm;
	int pid, tgid;
	char comm[16];
	unsigned int in_execve : 1;
	unsigned int in_iowait : 1;
	union {
		struct list_head either;
		struct {
			int first;
			struct {
				short deep;
				char deeper[3];
			};
		};
	};
	enum state task_state;
	enum wide wide;
	int matrix[3][5];
	pgds_t pgds;
	struct {
		char before;
		long inner;
	} named;
	void (*function)(int);
	struct list_head lists[2];
	char none[0];
};

struct mm_struct {
	struct {
		union {
			atomic_t count;
			int users;
		};
		pgd_t *pgd;
		struct mm_rss_stat rss_stat;
		const struct list_head mmlist;
	};
	unsigned long bitmap[];
};

union either_way {
	char bytes[24];
	long word;
};

extern struct task_struct init_task;
/* gcc writes it as a definition that has its name only by DW_AT_specification. */
struct task_struct init_task = { .pid = 1 };
struct mm_struct init_mm = { .users = 1 };
pgds_t pgds_object;
union either_way either_object;
enum bytes bytes_object = BYTES_200;
enum {
	UNNAMED_SEVEN = 7,
} unnamed_object = UNNAMED_SEVEN;

static int twice = 2;
static int only_local = 3;
__attribute__((weak)) int weak_object = 4;
extern const char linux_banner[];
const char linux_banner[] = LIKE_BANNER "\n";

#define NOTE(name, owner, number, text)                                                            \
	const struct {                                                                             \
		unsigned int owner_bytes, text_bytes, type;                                        \
		char owner_text[4], contents[(sizeof(text) + 2) & ~3u];                            \
	} name __attribute__((section(".notes"), used, aligned(4))) = { 4, sizeof(text) - 1,       \
									number, owner, text }

/* As in a kernel, others' notes stand before and behind the one that counts. */
NOTE(note_xen, "Xen", 6, "linux\0");
NOTE(note_build_id, "GNU", 3, LIKE_BUILD_ID);
NOTE(note_linux, "Lnx", 3, LIKE_RELEASE);

#define TYPE(type)                                                                                 \
	{                                                                                          \
#type, LIKE_NO_PATH, 0, sizeof(type), 0                                            \
	}
#define TAGGED(kind, tag)                                                                          \
	{                                                                                          \
#tag, LIKE_NO_PATH, 0, sizeof(kind tag), 0                                         \
	}
#define MEMBER(tag, path, elements)                                                                \
	{                                                                                          \
#tag, #path, __builtin_offsetof(struct tag, path),                                 \
			sizeof(((struct tag *)0)->path), elements                                  \
	}

const struct like_truth_table truth_table = {
	LIKE_TRUTH_MAGIC,
	64,
	{
		TAGGED(struct, task_struct),
		TAGGED(struct, mm_struct),
		TAGGED(struct, list_head),
		TAGGED(union, either_way),
		TAGGED(enum, state),
		TAGGED(enum, wide),
		TYPE(atomic_t),
		TYPE(pgd_t),
		TYPE(odd_pgd_t),
		TYPE(pgds_t),
		MEMBER(task_struct, state, 0),
		MEMBER(task_struct, stack, 0),
		MEMBER(task_struct, tasks, 0),
		MEMBER(task_struct, tasks.prev, 0),
		MEMBER(task_struct, mm, 0),
		MEMBER(task_struct, active_mm, 0),
		MEMBER(task_struct, tgid, 0),
		MEMBER(task_struct, comm, 16),
		MEMBER(task_struct, either, 0),
		MEMBER(task_struct, either.prev, 0),
		MEMBER(task_struct, first, 0),
		MEMBER(task_struct, deep, 0),
		MEMBER(task_struct, deeper, 3),
		MEMBER(task_struct, task_state, 0),
		MEMBER(task_struct, wide, 0),
		MEMBER(task_struct, matrix, 15),
		MEMBER(task_struct, pgds, 2),
		MEMBER(task_struct, named, 0),
		MEMBER(task_struct, named.inner, 0),
		MEMBER(task_struct, function, 0),
		MEMBER(task_struct, lists, 2),
		MEMBER(task_struct, none, 0),
		MEMBER(mm_struct, count, 0),
		MEMBER(mm_struct, count.counter, 0),
		MEMBER(mm_struct, users, 0),
		MEMBER(mm_struct, pgd, 0),
		MEMBER(mm_struct, rss_stat, 0),
		MEMBER(mm_struct, rss_stat.count, 4),
		MEMBER(mm_struct, mmlist.prev, 0),
		{ "mm_struct", "bitmap", __builtin_offsetof(struct mm_struct, bitmap), 0, 0 },
		{ "task_struct", "pgds.pgd", __builtin_offsetof(struct task_struct, pgds),
		  sizeof(pgdval_t), 0 },
		{ "task_struct", "lists.prev",
		  __builtin_offsetof(struct task_struct, lists[0].prev), sizeof(void *), 0 },
		{ "pgd_t", "pgd", 0, sizeof(pgdval_t), 0 },
		{ "odd_pgd_t", "pgd", 0, sizeof(pgdval_t), 0 },
		{ "either_way", "bytes", 0, 24, 24 },
	},
};

const struct like_bits bits_object = {
	.magic = LIKE_BITS_MAGIC,
	.bits = { LIKE_BITS_A, LIKE_BITS_B, LIKE_BITS_C, LIKE_BITS_D, { { 0, LIKE_BITS_E } } },
	.packed = { 0, LIKE_PACKED_Y, LIKE_PACKED_Z },
};

#if __SIZEOF_POINTER__ == 8 && !defined(__PIC__) && !defined(__PIE__)
/* Where the linker put them. */
extern const unsigned long long truth_addresses[];
const unsigned long long truth_addresses[] = { 0x73657373657264ull, (unsigned long long)&init_task,
					       (unsigned long long)&only_local,
					       (unsigned long long)&weak_object };
#endif

int *second_uses(void);
int *second_uses(void)
{
	return only_local ? &twice : &only_local;
}
