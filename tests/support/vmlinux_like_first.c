/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The first unit of a vmlinux-like file: it only declares what the reader looks for. */
struct task_struct;
struct mm_struct;

struct only_in_first {
	struct task_struct *task;
	struct mm_struct *mm;
};

struct only_in_first first_object = { 0 };

static int twice = 1;

int *first_uses(void);
int *first_uses(void)
{
	return &twice;
}

#ifdef LIKE_BULKY
/* So much debug info that the second unit is not in the part that is decompressed first. */
#define ONE(n)                                                                                     \
	struct bulky_##n {                                                                         \
		int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;                                \
	} bulky_##n;
#define TEN(n)                                                                                     \
	ONE(n##0)                                                                                  \
	ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n)                                                                                 \
	TEN(n##0)                                                                                  \
	TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
#define THOUSAND(n)                                                                                \
	HUNDRED(n##0)                                                                              \
	HUNDRED(n##1)                                                                              \
	HUNDRED(n##2) HUNDRED(n##3) HUNDRED(n##4) HUNDRED(n##5) HUNDRED(n##6) HUNDRED(n##7)        \
		HUNDRED(n##8) HUNDRED(n##9)
THOUSAND(1)
THOUSAND(2)
THOUSAND(3)
THOUSAND(4)
THOUSAND(5)
THOUSAND(6)
#endif
