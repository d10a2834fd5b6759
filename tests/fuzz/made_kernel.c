/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A small made-up kernel with all that a session reads, as an input changes it. */
#include <string.h>

#include "fuzz/made_kernel.h"
#include "kernel/layout.h"
#include "kernel/learn.h"
#include "support/task_facts.h"

extern const struct mmu_arch mmu_arch_x86_64;

/* Pages, each with objects of one kind. */
enum {
	P_TASK = 0x10, /* one each */
	P_SIGNAL = 0x18,
	P_PID = 0x20,
	P_NAMESPACE = 0x28,
	P_ROOT_NODE,
	P_LEAF_NODE,
	P_NODES,
	P_VMAS,
	P_FILES,
	P_MM = 0x30,
	P_PGD = 0x34, /* of the kernel, then of the processes 1 and 2 */
	P_TABLES = 0x38,
	P_DATA = 0x50,
};
enum { PROCESSES = 2, HEAD_BYTES = 10, RECORD_BYTES = 14, RECORDS_MAX = 48 };

/* Offsets in task_struct and beside it: see TASK_FACTS. */
enum { T_LINKS = 96, PID_TASKS = 16, NODE_SLOTS = 40, MM_TREE = 72, MM_RB = 96, VM_RB = 32 };

static const char *const common_facts[] = {
	"SYMBOL(init_task)=ffff888000010000",
	TASK_FACTS,
	"SYMBOL(init_pid_ns)=ffff888000028000",
	"OFFSET(pid_namespace.idr.idr_rt.xa_head)=8",
	"OFFSET(pid.tasks)=16",
	"OFFSET(task_struct.pid_links)=96",
	SPACE_FACTS,
	"SIZE(task_struct)=256",
	"SIZE(mm_struct)=256",
	"SIZE(vm_area_struct)=128",
	"SIZE(signal_struct)=64",
	"SIZE(pid)=128",
	"SYMBOL(_sdata)=ffff888000010000",
	"SYMBOL(_edata)=ffff888000011000",
	"SYMBOL(__start_rodata)=ffff888000028000",
	"SYMBOL(__end_rodata)=ffff888000029000",
	"SYMBOL(__bss_start)=ffff888000029000",
	"SYMBOL(__bss_stop)=ffff888000029000",
};
static const char *const maple_facts[] = {
	"OFFSET(mm_struct.mm_mt)=72",
	"OFFSET(maple_tree.ma_root)=8",
	"SIZE(maple_tree.ma_root)=8",
	NULL,
};
static const char *const rb_facts[] = {
	"OFFSET(mm_struct.mm_rb)=96",      "SIZE(mm_struct.mm_rb)=8",
	"OFFSET(vm_area_struct.vm_rb)=32", "OFFSET(rb_node.rb_left)=8",
	"OFFSET(rb_node.rb_right)=0",      NULL,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct memory *memory;
static struct mmu_session *sessions[2];
static struct mmu_arch arch;

/* ------------------------------------------------------------------ memory as it should be */

static uint64_t pa_of(unsigned int page)
{
	return (uint64_t)page * MEMORY_PAGE;
}

static uint64_t va_of(unsigned int page)
{
	return MADE_BASE + pa_of(page);
}

static void put(unsigned int page, unsigned int offset, unsigned int width, uint64_t value)
{
	memory_write(memory, pa_of(page) + offset, width, value);
}

static void put_pair(unsigned int page, unsigned int offset, uint64_t next, uint64_t previous)
{
	put(page, offset, 8, next);
	put(page, offset + 8, 8, previous);
}

static void put_task(unsigned int pid)
{
	unsigned int next = (pid + 1) % MADE_TASKS, last = (pid + MADE_TASKS - 1) % MADE_TASKS;
	bool user = pid && pid <= PROCESSES;

	put(P_TASK + pid, 0, 4, pid);
	put(P_TASK + pid, 4, 4, pid);
	put(P_TASK + pid, 8, 4, user ? 0 : 0x00200000);
	put(P_TASK + pid, 16, 8, user ? va_of(P_MM) + pid * 256 : 0);
	put(P_TASK + pid, 24, 8, user ? va_of(P_MM) + pid * 256 : 0);
	put(P_TASK + pid, 32, 8, 0x6b736174);
	put_pair(P_TASK + pid, 48, va_of(P_TASK + next) + 48, va_of(P_TASK + last) + 48);
	put_pair(P_TASK + pid, 64, va_of(P_SIGNAL + pid) + 16, va_of(P_SIGNAL + pid) + 16);
	put(P_TASK + pid, 80, 8, va_of(P_SIGNAL + pid));
	put_pair(P_SIGNAL + pid, 16, va_of(P_TASK + pid) + 64, va_of(P_TASK + pid) + 64);
	put(P_TASK + pid, T_LINKS + 8, 8, va_of(P_PID + pid) + PID_TASKS);
	put(P_PID + pid, PID_TASKS, 8, va_of(P_TASK + pid) + T_LINKS);
	put(P_PID + pid, PID_TASKS + 8, 8, va_of(P_TASK + pid) + T_LINKS + 16);
	if (pid)
		put(P_LEAF_NODE, NODE_SLOTS + 8 * pid, 8, va_of(P_PID + pid));
}

/* VMA n of a process; its file has a name. Left and right in the other tree. */
static void put_vma(unsigned int at, uint64_t first_va, uint64_t end_va, uint64_t flags,
		    unsigned int left, unsigned int right)
{
	unsigned int offset = at * 128;

	put(P_VMAS, offset, 8, first_va);
	put(P_VMAS, offset + 8, 8, end_va);
	put(P_VMAS, offset + 16, 8, flags);
	put(P_VMAS, offset + 24, 8, at % 2 ? va_of(P_FILES) : 0);
	put(P_VMAS, offset + VM_RB, 8, right ? va_of(P_VMAS) + right * 128 + VM_RB : 0);
	put(P_VMAS, offset + VM_RB + 8, 8, left ? va_of(P_VMAS) + left * 128 + VM_RB : 0);
}

/* A maple tree of two levels: 10 slots of ranges above, leaves of 16. */
static void put_tree(unsigned int process)
{
	unsigned int top = process * 1024, leaf = top + 256, vma = process * 8;

	put(P_MM, process * 256 + MM_TREE + 8, 8, va_of(P_NODES) + top + (3 << 3 | 2));
	put(P_NODES, top + 8, 8, 0x5fffff);
	put(P_NODES, top + 8 + 80 - 8, 8, va_of(P_NODES) + leaf + (1 << 3 | 4));
	put(P_NODES, top + 8 + 80, 8, va_of(P_NODES) + leaf + 256 + (1 << 3 | 4));
	put(P_NODES, leaf + 8, 8, MADE_USER_VA - 1);
	put(P_NODES, leaf + 16, 8, MADE_USER_VA + 0xffff);
	put(P_NODES, leaf + 128 + 8, 8, va_of(P_VMAS) + (vma + 1) * 128);
	put(P_NODES, leaf + 256 + 8, 8, 0x600fff);
	put(P_NODES, leaf + 256 + 128, 8, va_of(P_VMAS) + (vma + 2) * 128);
	put(P_MM, process * 256 + MM_RB, 8, va_of(P_VMAS) + (vma + 1) * 128 + VM_RB);
	put_vma(vma + 1, MADE_USER_VA, MADE_USER_VA + 0x10000, 0x75, 0, vma + 2);
	put_vma(vma + 2, 0x600000, 0x601000, 0x73, 0, 0);
}

/* Pages 0x400000 to 0x403fff, 0x600000, and a huge one; the kernel's half is shared. */
static void put_tables(unsigned int process)
{
	unsigned int pdpt = P_TABLES + process * 4, pd = pdpt + 1, pt = pdpt + 2;

	put(P_PGD + process, 0, 8, pa_of(pdpt) | 0x67);
	put(P_PGD + process, 0x888, 8, pa_of(P_TABLES) | 0x63); /* the direct map */
	put(pdpt, 0, 8, pa_of(pd) | 0x67);
	put(pd, 8 * (MADE_USER_VA >> 21), 8, pa_of(pt) | 0x67);
	put(pd, 8 * (MADE_USER_VA >> 21) + 8, 8, pa_of(pt + 1) | 0x67);
	put(pd, 8 * 64, 8, 0x200000 | 0xe7);
	for (unsigned int i = 0; i < 4; i++)
		put(pt, 8 * i, 8, pa_of(P_DATA + process * 2 + i) | (i == 3 ? 0x25 : 0x67));
	put(pt, 8 * 5, 8, 0x3ffffffff00002);
	put(pt + 1, 0, 8, pa_of(P_DATA + 8) | UINT64_C(0x8000000000000067));
	put(P_MM, process * 256, 8, va_of(P_PGD + process));
	put(P_MM, process * 256 + 8, 8, 3 * MEMORY_PAGE);
}

static void put_all(void)
{
	for (unsigned int pid = 0; pid < MADE_TASKS; pid++)
		put_task(pid);
	put(P_NAMESPACE, 8, 8, va_of(P_ROOT_NODE) | 2);
	put(P_ROOT_NODE, 0, 1, 6);
	put(P_ROOT_NODE, 2, 1, 1);
	put(P_ROOT_NODE, NODE_SLOTS, 8, va_of(P_LEAF_NODE) | 2);
	put(P_LEAF_NODE, 2, 1, MADE_TASKS - 1);
	for (unsigned int process = 0; process <= PROCESSES; process++)
		put_tables(process);
	put(P_TABLES, 0, 8, 0x80000000000001e3);
	put_tree(1);
	put_tree(2);
	put(P_FILES, 16, 8, va_of(P_FILES) + 256);
	put(P_FILES, 256 + 24, 8, va_of(P_FILES) + 512);
	put(P_FILES, 512, 8, 0x656d616e);
}

/* ------------------------------------------------------------------ sessions */

static const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret, size_t *ret_nr)
{
	const struct mmu_sample *sample = mmu_arch_sample(&mmu_arch_x86_64, "4level");
	uint64_t root_pa = root->kind == MMU_ROOT_KERNEL ? pa_of(P_PGD) : root->value;
	struct mmu_regimes regimes;

	mmu_sample_regimes(sample, sample->regimes[0]->format, root_pa, &regimes);
	memcpy(ret, regimes.regime, regimes.nr * sizeof(*ret));
	*ret_nr = regimes.nr;
	return NULL;
}

static void set_regimes(struct mmu_kernel *kernel)
{
	const struct mmu_root root = { .kind = MMU_ROOT_KERNEL };

	locate(NULL, &root, kernel->regimes.regime, &kernel->regimes.nr);
}

struct mmu_session *made_session_create(struct mmu_image *image, bool maple)
{
	const char *const *more = maple ? maple_facts : rb_facts;

	const char *facts[COUNT(common_facts) + COUNT(rb_facts)] = { NULL };
	struct mmu_session *session = calloc(1, sizeof(*session));
	size_t nr = COUNT(common_facts);

	FUZZ_CHECK(session);
	memcpy(facts, common_facts, sizeof(common_facts));
	while (*more)
		facts[nr++] = *more++;
	struct mmu_error *error = mmu_kernel_init(&session->kernel, image, facts);
	FUZZ_CHECK(!error);
	session->kernel.arch = &arch;
	session->kernel.linear[0] = (struct mmu_linear){ MADE_BASE, MADE_BASE + 0x7ffffff, 0,
							 "direct map", MMU_LINEAR_DIRECT };
	session->kernel.nr_linear = 1;
	session->kernel.options.hook = made_hook;
	session->learnt = MMU_LEARN_DONE;
	set_regimes(&session->kernel);
	return session;
}

static void create(void)
{
	arch = mmu_arch_x86_64;
	arch.locate = locate;
	memory = memory_create(0, MADE_PAGES, false);
	put_all();
	memory_keep(memory);
	sessions[0] = made_session_create(&memory->image, true);
	sessions[1] = made_session_create(&memory->image, false);
}

unsigned int made_hook_calls;

static int go_on(const struct mmu_progress *progress, void *context)
{
	return made_hook_calls++ >= 64;
}

const struct mmu_hook made_hook = { sizeof(made_hook), go_on, NULL };

/*
 * What: bits 0 and 1, the width (1, 2, 4, 8); bit 2, it happens while memory is read, before span
 * number `when`; bit 3, the value is a pointer into memory: its low 20 bits count; bit 4, it is the
 * page's state instead; bit 5, an entry of a table that leads to a page of the memory.
 */
static void take_record(struct fuzz_input *input)
{
	unsigned int what = (unsigned int)fuzz_take(input, 1), width = 1u << (what & 3);
	uint32_t when = (uint32_t)fuzz_take(input, 2);
	uint64_t pa = pa_of((unsigned int)fuzz_take(input, 1) % MADE_PAGES);
	uint64_t offset = fuzz_take(input, 2) % MEMORY_PAGE, value = fuzz_take(input, 8);

	if (what & 0x10) {
		memory_set_state(memory, pa, (enum mmu_page_state)(value % 5));
		return;
	}
	if (what & 8)
		value = MADE_BASE + value % pa_of(MADE_PAGES);
	if (what & 0x20)
		value = (value & UINT64_C(0x8000000000000fff)) |
			pa_of((unsigned int)(value >> 12) % (MADE_PAGES + 2));
	if (what & 4)
		memory_write_at(memory, when, pa + offset, width, value);
	else
		memory_write(memory, pa + offset, width, value);
}

struct made made_kernel(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	struct made made = { .memory = memory };

	if (!memory)
		create();
	made.memory = memory;
	memory_reset(memory);
	made_hook_calls = 0;
	unsigned int flags = (unsigned int)fuzz_take(&input, 1);
	made.session = sessions[flags & 1];
	if (flags & 2) /* a write that never comes: spans don't last all the same */
		memory_write_at(memory, UINT32_MAX, 0, 1, 0);
	memory->image.live = flags & 4;
	made.asks = fuzz_take(&input, 1);
	made.value = fuzz_take(&input, 8);
	for (unsigned int i = 0; i < RECORDS_MAX && input.bytes; i++)
		take_record(&input);
	mmu_memory_init(&made.session->memory, &made.session->kernel);
	set_regimes(&made.session->kernel);
	return made;
}

void made_release(struct made *made)
{
	mmu_memory_destroy(&made->session->memory);
	mmu_layouts_forget(made->session->kernel.layouts);
}

/* ------------------------------------------------------------------ questions */

void made_error(struct mmu_error *error)
{
	if (error)
		FUZZ_CHECK(!strchr(mmu_error_message(error), '\n'));
	mmu_error_destroy(error);
}

struct mmu_space *made_space(struct made *made, enum mmu_space_by by, uint64_t value)
{
	const struct mmu_space_query query = { .size = sizeof(query), .by = by, .value = value };
	struct mmu_space *space = NULL;
	struct mmu_error *error = mmu_space_open(made->session, &query, &space);

	FUZZ_CHECK(!error == !!space);
	made_error(error);
	return space;
}

unsigned int made_tasks(struct made *made, uint64_t flags)
{
	const struct mmu_tasks_query query = { .size = sizeof(query), .flags = flags };
	struct mmu_tasks *tasks = NULL;
	struct mmu_error *error = mmu_tasks_open(made->session, &query, &tasks);
	const struct mmu_error *problem = NULL;
	const struct mmu_task *task;
	unsigned int nr = 0;

	if (error) {
		made_error(error);
		return 0;
	}
	while ((task = mmu_tasks_next(tasks, &problem)) || problem) {
		if (problem)
			FUZZ_CHECK(!strchr(mmu_error_message(problem), '\n'));
		else
			FUZZ_CHECK(strlen(task->comm) < sizeof(task->comm));
		/* no more than memory has room for, with a problem each */
		FUZZ_CHECK(++nr <= 4 * MADE_PAGES * MEMORY_PAGE / 96);
	}
	mmu_tasks_close(tasks);
	return nr;
}

/* ------------------------------------------------------------------ mutation */

/* Where pointers and numbers of objects stand: first page, pages, offset. */
static const struct field {
	uint8_t page, pages;
	uint16_t offset;
	uint8_t width;
} fields[] = {
	{ P_TASK, 8, 0, 4 },
	{ P_TASK, 8, 4, 4 },
	{ P_TASK, 8, 8, 4 },
	{ P_TASK, 8, 12, 4 },
	{ P_TASK, 8, 16, 8 },
	{ P_TASK, 8, 24, 8 },
	{ P_TASK, 8, 32, 8 },
	{ P_TASK, 8, 48, 8 },
	{ P_TASK, 8, 56, 8 },
	{ P_TASK, 8, 64, 8 },
	{ P_TASK, 8, 72, 8 },
	{ P_TASK, 8, 80, 8 },
	{ P_TASK, 8, T_LINKS, 8 },
	{ P_TASK, 8, T_LINKS + 8, 8 },
	{ P_SIGNAL, 8, 16, 8 },
	{ P_SIGNAL, 8, 24, 8 },
	{ P_PID, 8, PID_TASKS, 8 },
	{ P_PID, 8, PID_TASKS + 8, 8 },
	{ P_NAMESPACE, 1, 8, 8 },
	{ P_ROOT_NODE, 2, 0, 1 },
	{ P_ROOT_NODE, 2, 2, 1 },
	{ P_ROOT_NODE, 2, NODE_SLOTS, 8 },
	{ P_LEAF_NODE, 1, NODE_SLOTS + 8, 8 },
	{ P_LEAF_NODE, 1, NODE_SLOTS + 16, 8 },
	{ P_LEAF_NODE, 1, NODE_SLOTS + 24, 8 },
	{ P_NODES, 1, 1024 + 8, 8 },
	{ P_NODES, 1, 1024 + 80, 8 },
	{ P_NODES, 1, 1024 + 88, 8 },
	{ P_NODES, 1, 1024 + 256 + 8, 8 },
	{ P_NODES, 1, 1024 + 256 + 16, 8 },
	{ P_NODES, 1, 1024 + 256 + 24, 8 },
	{ P_NODES, 1, 1024 + 256 + 128 + 8, 8 },
	{ P_VMAS, 1, 9 * 128, 8 },
	{ P_VMAS, 1, 9 * 128 + 8, 8 },
	{ P_VMAS, 1, 9 * 128 + 16, 8 },
	{ P_VMAS, 1, 9 * 128 + 24, 8 },
	{ P_VMAS, 1, 9 * 128 + VM_RB, 8 },
	{ P_VMAS, 1, 9 * 128 + VM_RB + 8, 8 },
	{ P_VMAS, 1, 10 * 128, 8 },
	{ P_FILES, 1, 16, 8 },
	{ P_FILES, 1, 256 + 24, 8 },
	{ P_FILES, 1, 512, 8 },
	{ P_MM, 1, 256, 8 },
	{ P_MM, 1, 256 + MM_TREE + 8, 8 },
	{ P_MM, 1, 256 + MM_RB, 8 },
	{ P_MM, 1, 512, 8 },
	{ P_PGD, 3, 0, 8 },
	{ P_PGD, 3, 0x888, 8 },
	{ P_TABLES, 12, 0, 8 },
	{ P_TABLES, 12, 8, 8 },
	{ P_TABLES, 12, 16, 8 },
	{ P_TABLES, 12, 24, 8 },
};

static void make_record(struct fuzz_random *random, uint8_t *data, size_t bytes, size_t at)
{
	const struct field *field = &fields[fuzz_below(random, COUNT(fields))];
	unsigned int page = field->page + (unsigned int)fuzz_below(random, field->pages);
	const struct field *to = &fields[fuzz_below(random, COUNT(fields))];
	unsigned int what = field->width == 8 ? 3 : field->width == 4 ? 2 : 0;
	uint64_t value = fuzz_number(random, data, bytes, 0);

	if (field->page >= P_PGD && fuzz_below(random, 4)) {
		what |= 0x20;
		value = pa_of(P_PGD + (unsigned int)fuzz_below(random, 16)) |
			(fuzz_below(random, 3) ? 0x67 : fuzz_next(random) & 0xfff);
	} else if (field->width == 8 && fuzz_below(random, 3)) {
		what |= 8;
		value = pa_of(to->page + (unsigned int)fuzz_below(random, to->pages)) + to->offset;
		if (field->page == P_NODES)
			value = (value & ~UINT64_C(0xff)) | fuzz_below(random, 64);
	}
	if (!fuzz_below(random, 3))
		what |= 4;
	if (!fuzz_below(random, 16))
		what = 0x10;
	fuzz_put(data, bytes, at, 1, false, what);
	fuzz_put(data, bytes, at + 1, 2, false,
		 fuzz_below(random, UINT64_C(4) << fuzz_below(random, 8)));
	fuzz_put(data, bytes, at + 3, 1, false, page);
	fuzz_put(data, bytes, at + 4, 2, false,
		 fuzz_below(random, 10) ? field->offset : fuzz_below(random, MEMORY_PAGE));
	fuzz_put(data, bytes, at + 6, 8, false, value);
}

static uint64_t any_value(struct fuzz_random *random)
{
	switch (fuzz_below(random, 4)) {
	case 0:
		return fuzz_below(random, MADE_TASKS + 2);
	case 1:
		return MADE_USER_VA + (fuzz_below(random, 0x300) << 12);
	case 2:
		return MADE_BASE + fuzz_below(random, pa_of(MADE_PAGES));
	default:
		return fuzz_number(random, NULL, 0, MADE_USER_VA);
	}
}

size_t made_mutate(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };

	max = max < HEAD_BYTES + RECORDS_MAX * RECORD_BYTES
		      ? max
		      : HEAD_BYTES + RECORDS_MAX * RECORD_BYTES;
	bytes = bytes < max ? bytes : max;
	if (bytes < HEAD_BYTES || !fuzz_below(&random, 6))
		return LLVMFuzzerMutate(data, bytes, max);
	for (uint64_t n = 1 + fuzz_below(&random, 4); n; n--) {
		size_t records = (bytes - HEAD_BYTES) / RECORD_BYTES;

		switch (fuzz_below(&random, 8)) {
		case 0:
			fuzz_put(data, bytes, fuzz_below(&random, 2), 1, false, fuzz_next(&random));
			break;
		case 1:
			fuzz_put(data, bytes, 2, 8, false, any_value(&random));
			break;
		case 2:
		case 3:
			if (records)
				make_record(&random, data, bytes,
					    HEAD_BYTES +
						    RECORD_BYTES * fuzz_below(&random, records));
			break;
		default:
			if (HEAD_BYTES + (records + 1) * RECORD_BYTES > max)
				break;
			bytes = HEAD_BYTES + (records + 1) * RECORD_BYTES;
			make_record(&random, data, bytes, bytes - RECORD_BYTES);
		}
	}
	return bytes;
}

void made_seeds(fuzz_seed_fn take)
{
	static const uint64_t values[] = { 1, MADE_USER_VA, MADE_BASE + 0x10000 };

	for (unsigned int i = 0; i < 8 * 8 * COUNT(values); i++) {
		uint8_t data[HEAD_BYTES] = { (uint8_t)(i % 8), (uint8_t)(1u << i / 8 % 8) };
		char name[32];

		fuzz_put(data, sizeof(data), 2, 8, false, values[i / 64]);
		snprintf(name, sizeof(name), "made-%u", i);
		take(name, data, sizeof(data));
	}
}
