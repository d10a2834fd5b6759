/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A small made-up kernel: layouts of its structures, an architecture, a session. */
#ifndef MMU_SUPPORT_SMALL_KERNEL_H
#define MMU_SUPPORT_SMALL_KERNEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/session.h"
#include "kernel/layout.h"
#include "kernel/learn.h"
#include "objects/memmap.h"
#include "objects/task.h"
#include "objects/tasks.h"
#include "objects/vma.h"
#include "support/memory_image.h"
#include "support/regimes.h"
#include "support/task_facts.h"

/* Where all of physical memory is mapped; PA 0 to BYTES is there. */
#define BASE UINT64_C(0xffff800000000000)
#define BYTES 0x40000
#define NOWHERE (BASE + 0x7000000)

/* struct task_struct of this kernel */
enum {
	PID = 0,
	TGID = 4,
	FLAGS = 8,
	EXIT_STATE = 12,
	MM = 16,
	ACTIVE_MM = 24,
	COMM = 32,
	TASKS = 48,
	THREAD_NODE = 64,
	SIGNAL = 80,
	TASK_BYTES = 96,
	THREAD_HEAD = 16, /* in signal_struct */
};
/* struct mm_struct and struct vm_area_struct */
enum {
	PGD = 0,
	TABLE_BYTES = 8,
	RSS = 16,
	BRK = 48,
	START_BRK = 56,
	START_STACK = 64,
	TREE = 72,
	TREE_ROOT = 8, /* in maple_tree */
	MM_RB = 96,
	VM_START = 0,
	VM_END = 8,
	VM_FLAGS = 16,
	VM_FILE = 24,
	VM_RB = 32,
};

static const char *const facts_always[] = {
	"SYMBOL(init_task)=ffff800000001000",
	TASK_FACTS,
	SPACE_FACTS,
};
static const char *const facts_maple[] = {
	"OFFSET(mm_struct.mm_mt)=72",
	"OFFSET(maple_tree.ma_root)=8",
	"SIZE(maple_tree.ma_root)=8",
};
static const char *const facts_rb[] = {
	"OFFSET(mm_struct.mm_rb)=96",      "SIZE(mm_struct.mm_rb)=8",
	"OFFSET(vm_area_struct.vm_rb)=32", "OFFSET(rb_node.rb_left)=8",
	"OFFSET(rb_node.rb_right)=0",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ an architecture, a session */

/*
 * One level of 16 pages. An odd word maps; an even one, other than 0, is a page without access. Of
 * a page bit 2 withholds writing, bit 3 execution; bits 4 to 6 are dirty, soft-dirty, uffd-wp.
 */
static const struct mmu_level level = { .name = "L0", .may_be_leaf = true };

static inline void decode(const struct mmu_regime *regime, unsigned int at, uint64_t raw,
			  uint64_t second, struct mmu_entry *ret)
{
	(void)regime;
	(void)at;
	(void)second;
	*ret = (struct mmu_entry){
		.kind = !raw      ? MMU_KIND_EMPTY
			: raw & 1 ? MMU_KIND_LEAF
				  : MMU_KIND_SOFTWARE,
		.rights = (uint8_t)(!(raw & 1) ? 0
					       : MMU_RIGHTS_ALL & ~(raw & 4 ? MMU_RIGHT_WRITE : 0) &
							 ~(raw & 8 ? MMU_RIGHT_EXEC : 0)),
		.attrs = (uint8_t)(!(raw & 1) ? 0
					      : MMU_ATTR_KNOWN | (raw & 16 ? MMU_ATTR_DIRTY : 0) |
							(raw & 32 ? MMU_ATTR_SOFT_DIRTY : 0) |
							(raw & 64 ? MMU_ATTR_UFFD_WP : 0)),
		.pa = raw & ~UINT64_C(0xfff)
	};
}

static inline void explain(const struct mmu_regime *regime, unsigned int at, uint64_t raw,
			   uint64_t second, struct mmu_software *ret)
{
	(void)regime;
	(void)at;
	(void)second;
	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_NONE, .pa = raw & ~UINT64_C(0xfff) };
}

static const struct mmu_format format = { .size = sizeof(struct mmu_format),
					  .name = "one",
					  .entry_bytes = 8,
					  .slot_bytes = 8,
					  .nr_levels = 1,
					  .level = &level,
					  .decode = decode,
					  .explain = explain };
static const struct mmu_format *const formats[] = { &format };

static inline const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
				 struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regimes regimes;

	(void)facts;
	regimes_of(&regimes, &format, root->value, false);
	*ret = regimes.regime[0];
	*ret_nr = 1;
	return NULL;
}

static const struct mmu_arch arch = {
	.name = "fake", .elf_class = 2, .formats = formats, .nr_formats = 1, .locate = locate
};

#define MORE_FACTS_MAX 40u

/* @param more  further facts, NULL at the end */
static inline struct mmu_session *session_with(struct mmu_image *image, bool maple,
					       const char *const *more)
{
	const char *facts[COUNT(facts_always) + COUNT(facts_rb) + MORE_FACTS_MAX] = { NULL };
	size_t nr = 0;
	struct mmu_session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	memcpy(facts, facts_always, sizeof(facts_always));
	if (maple)
		memcpy(facts + COUNT(facts_always), facts_maple, sizeof(facts_maple));
	else
		memcpy(facts + COUNT(facts_always), facts_rb, sizeof(facts_rb));
	while (facts[nr])
		nr++;
	for (; *more && nr + 1 < COUNT(facts); more++)
		facts[nr++] = *more;
	assert_null(mmu_kernel_init(&session->kernel, image, facts));
	session->kernel.arch = &arch;
	session->learnt = MMU_LEARN_DONE;
	session->kernel.linear[0] = (struct mmu_linear){ BASE, BASE + 0x7ffffff, 0, "direct map",
							 MMU_LINEAR_DIRECT };
	session->kernel.nr_linear = 1;
	mmu_memory_init(&session->memory, &session->kernel);
	return session;
}

static inline struct mmu_session *session_of(struct mmu_image *image, bool maple)
{
	return session_with(image, maple, (const char *const[]){ NULL });
}

static inline struct mmu_session *open_session(void)
{
	const struct memory_piece whole = { .bytes = BYTES };

	return session_of(memory_image_create(&whole, 1), true);
}

static inline void put(struct mmu_session *session, uint64_t va, unsigned int width, uint64_t value)
{
	memory_image_put(session->kernel.image, va - BASE, width, value);
}

#endif
