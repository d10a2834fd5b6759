/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file Seccomp: which system calls a process may make from now on. A list of numbers makes a
 * program that needs no library: libseccomp takes a millisecond to make one.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/seccomp.h"

#if defined(__x86_64__) && !defined(__ILP32__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define OUR_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define OUR_ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ARCH AUDIT_ARCH_PPC64LE
#else
#define OUR_ARCH 0
#endif

/* Its header may be older than Linux 4.17 and 4.14. */
#define FLAG_TSYNC 1u
#define FLAG_SPEC_ALLOW 4u
#define RET_KILL_PROCESS 0x80000000u

#define INSTRUCTIONS_PER_RULE 6
#define INSTRUCTIONS_PER_GROUP 3
#define INSTRUCTIONS_AROUND 5
/*
 * Rules are sorted, and jumped over in groups: the kernel tries a filter with each number there is
 * when it takes it, and that is most of its price.
 */
#define GROUP_RULES 8
/* A jump that is yet to be made: a group is not so long. */
#define TO_ALLOW UINT8_MAX

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif

static uint32_t result_of(enum mmu_call_verdict verdict)
{
	switch (verdict) {
	case MMU_CALL_ALLOW:
		return SECCOMP_RET_ALLOW;
	case MMU_CALL_MISSING:
		return SECCOMP_RET_ERRNO | ENOSYS;
	case MMU_CALL_REFUSE:
		return SECCOMP_RET_ERRNO | EACCES;
	case MMU_CALL_TRAP:
		return SECCOMP_RET_TRAP;
	default:
		return RET_KILL_PROCESS;
	}
}

static void put(struct sock_fprog *program, uint16_t code, uint8_t if_true, uint8_t if_false,
		uint32_t value)
{
	program->filter[program->len++] = (struct sock_filter){ code, if_true, if_false, value };
}

static void put_result(struct sock_fprog *program, enum mmu_call_verdict verdict)
{
	put(program, BPF_RET | BPF_K, 0, 0, result_of(verdict));
}

static void put_number(struct sock_fprog *program)
{
	put(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
}

static void put_rule(struct sock_fprog *program, const struct mmu_call_rule *rule)
{
	bool plain = !rule->mask && rule->verdict == MMU_CALL_ALLOW; /* jumps: see put_group() */

	put(program, BPF_JMP | BPF_JEQ | BPF_K, plain ? TO_ALLOW : 0,
	    plain        ? 0
	    : rule->mask ? 5
			 : 1,
	    (uint32_t)rule->number);
	if (rule->mask) {
		put(program, BPF_LD | BPF_W | BPF_ABS, 0, 0,
		    (uint32_t)offsetof(struct seccomp_data, args[rule->argument]) + LOW_HALF);
		put(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, rule->mask);
		put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, rule->value);
		put_result(program, rule->verdict);
		put_number(program);
	} else if (rule->verdict != MMU_CALL_ALLOW) {
		put_result(program, rule->verdict);
	}
}

/* By number; those of one number stay in their order. */
static void sort(struct mmu_call_rule *rules, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		struct mmu_call_rule rule = rules[i];
		size_t at = i;

		for (; at && rules[at - 1].number > rule.number; at--)
			rules[at] = rules[at - 1];
		rules[at] = rule;
	}
}

/*
 * Some rules, and a jump over them for greater numbers. What is merely allowed jumps to one place
 * at the group's end.
 */
static void put_group(struct sock_fprog *program, const struct mmu_call_rule *rules, size_t nr,
		      enum mmu_call_verdict otherwise)
{
	unsigned int jump = program->len;

	put(program, BPF_JMP | BPF_JGT | BPF_K, 0, 0, (uint32_t)rules[nr - 1].number);
	for (size_t i = 0; i < nr; i++)
		put_rule(program, &rules[i]);
	put_result(program, otherwise);
	for (unsigned int i = jump + 1; i < program->len; i++)
		if (program->filter[i].jt == TO_ALLOW)
			program->filter[i].jt = (uint8_t)(program->len - i - 1);
	put_result(program, MMU_CALL_ALLOW);
	program->filter[jump].jt = (uint8_t)(program->len - jump - 1);
}

/* How many rules are one group: those of one number stay together. */
static size_t group_of(const struct mmu_call_rule *rules, size_t nr)
{
	size_t ret = nr < GROUP_RULES ? nr : GROUP_RULES;

	while (ret < nr && rules[ret].number == rules[ret - 1].number)
		ret++;
	return ret;
}

bool mmu_seccomp_works(void)
{
	/* asked with no program at all, a kernel that is able to says so by EFAULT */
	return OUR_ARCH && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 &&
	       errno == EFAULT;
}

bool mmu_seccomp_enforce(const struct mmu_call_rule *rules, size_t nr,
			 enum mmu_call_verdict otherwise)
{
	size_t most = nr * INSTRUCTIONS_PER_RULE + INSTRUCTIONS_AROUND +
		      (nr / GROUP_RULES + 1) * INSTRUCTIONS_PER_GROUP;
	struct sock_filter *filter MMU_FREE = calloc(most, sizeof(*filter));
	struct mmu_call_rule *sorted MMU_FREE = calloc(nr, sizeof(*sorted));
	struct sock_fprog program = { 0, filter };

	if (!filter || !sorted)
		return false;
	memcpy(sorted, rules, nr * sizeof(*sorted));
	sort(sorted, nr);
	put(&program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	put(&program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OUR_ARCH);
	put_result(&program, MMU_CALL_KILL);
	put_number(&program);
	for (size_t i = 0, part; i < nr; i += part) {
		part = group_of(sorted + i, nr - i);
		put_group(&program, sorted + i, part, otherwise);
	}
	put_result(&program, otherwise);
	/* SPEC_ALLOW: no code of strangers is compiled here, and kernels before 5.16 would slow the
	 * whole process down. Those before 4.17 have neither the flag nor the slowness. */
	long done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, FLAG_TSYNC | FLAG_SPEC_ALLOW,
			    &program);
	if (done < 0 && errno == EINVAL)
		done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, FLAG_TSYNC, &program);
	return done == 0;
}
