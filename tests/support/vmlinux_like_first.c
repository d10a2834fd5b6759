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
#define ONE(number)                                                                                \
	struct bulky_##number {                                                                    \
		int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;                                \
	} bulky_##number;
#define SEVEN(x) ONE(x##0) ONE(x##1) ONE(x##2) ONE(x##3) ONE(x##4) ONE(x##5) ONE(x##6)
#define SEVEN2(x)                                                                                  \
	SEVEN(x##0) SEVEN(x##1) SEVEN(x##2) SEVEN(x##3) SEVEN(x##4) SEVEN(x##5) SEVEN(x##6)
#define SEVEN3(x)                                                                                  \
	SEVEN2(x##0) SEVEN2(x##1) SEVEN2(x##2) SEVEN2(x##3) SEVEN2(x##4) SEVEN2(x##5) SEVEN2(x##6)
#define SEVEN4(x)                                                                                  \
	SEVEN3(x##0) SEVEN3(x##1) SEVEN3(x##2) SEVEN3(x##3) SEVEN3(x##4) SEVEN3(x##5) SEVEN3(x##6)
SEVEN4(1)
SEVEN4(2)
SEVEN4(3)
#endif
