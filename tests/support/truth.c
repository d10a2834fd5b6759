/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hold every page of every process to the kernel's own pagemap. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mmuscope/mmuscope.h"
#include "truth_rows.h"

/*
 * Truth rows, tab separated (those that are used here):
 *   E pid vaddr n stride entry  the pagemap word of page i, 0 <= i < n, is entry + i * stride
 *   V pid start end perms offset dev inode name  a line of /proc/PID/maps
 *   P pid tgid comm state note  a process; `reporter` in the note: its rows are stale
 *   C pid vaddr first8 fnv64    the first eight bytes of a page, and FNV-1a of all of it
 *   Q name addr value           a u64 at a kernel symbol
 *   S pid VmPTE|VmSwap|VmRSS n kB  the kernel's own counters
 *   X pid vaddr                 a page that is there, and that pagemap leaves out; before E rows
 *   W pid vaddr n word frame    what a walk of page i must say, and which page it names (0: none)
 *   H pid vaddr                 a page that the kernel's own map of all memory leaves out (x86_64)
 *   M page_bytes n              the size of a page that all counts and frames are of (4096)
 *   M swaps line                of /proc/swaps: so many types of swap entries are really swapped
 *   END                         the last one, whatever follows
 */
#define PM_PRESENT (1ull << 63)
#define PM_SWAP (1ull << 62)
#define PM_SOFT_DIRTY (1ull << 55)
#define PM_PFN ((1ull << 55) - 1)
#define SOFT_DIRTY_LEAF 0x800u /* x86_64 */
#define TOLD_MAX 20
#define LEFT_OUT_MAX 8192
#define PAGE_LG2_MAX 16u

struct check {
	struct mmu_session *session;
	struct mmu_session *whole; /* NULL, or the same memory with nothing left out */
	struct mmu_space *space;
	struct mmu_walk *walk, *other; /* the last one in it, and in another */
	int pid;                       /* of space */
	bool space_left_out;           /* there is none, and rightly so */
	int skipped[64];
	size_t nr_skipped;
	struct {
		int pid;
		uint64_t va;
	} left_out[LEFT_OUT_MAX]; /* X rows */
	size_t nr_left_out;
	unsigned int page_lg2;
	bool knows_swaps, prot_none; /* of the VMA that E rows follow */
	uint64_t nr_swaps;
	uint64_t agree, differ, silent, names, short_names;
};

static uint64_t page_bytes(const struct check *check)
{
	return UINT64_C(1) << check->page_lg2;
}

static void tell(struct check *check, const char *what, int pid, uint64_t va, const char *ours,
		 uint64_t our_value, uint64_t theirs)
{
	if (check->differ++ < TOLD_MAX)
		printf("differ: %s pid %d va 0x%" PRIx64 ": %s 0x%" PRIx64 ", truth 0x%" PRIx64
		       "\n",
		       what, pid, va, ours, our_value, theirs);
}

static bool is_skipped(const struct check *check, int pid)
{
	for (size_t i = 0; i < check->nr_skipped; i++)
		if (check->skipped[i] == pid)
			return true;
	return false;
}

/* ------------------------------------------------------------------ what the image lacks */

static bool is_left_out(struct check *check, uint64_t pa)
{
	unsigned char byte;
	enum mmu_page_state state = mmu_session_read_phys(check->session, pa, &byte, 1, NULL);

	return state == MMU_PAGE_FILTERED || state == MMU_PAGE_TRUNCATED;
}

/* Does the error name a place that is really not there, and rightly say why? */
static bool names_what_is_left_out(struct check *check, const struct mmu_error *error)
{
	unsigned char byte;
	uint64_t pa;

	return mmu_error_address(error, &pa) == MMU_ADDRESS_PHYSICAL && check->whole &&
	       mmu_session_read_phys(check->whole, pa, &byte, 1, NULL) == MMU_PAGE_PRESENT &&
	       is_left_out(check, pa) &&
	       mmu_error_page_state(error) ==
		       mmu_session_read_phys(check->session, pa, &byte, 1, NULL);
}

static bool is_of(const struct mmu_error *error, const char *type)
{
	const char *object = mmu_error_object(error, NULL);

	return object && strncmp(object, type, strlen(type)) == 0;
}

/* Is any page of a kernel object not there? */
static bool lacks_object(struct check *check, uint64_t va, uint64_t bytes)
{
	const struct mmu_space_query query = { .size = sizeof(query), .by = MMU_SPACE_KERNEL };
	struct mmu_space *kernel;
	bool lacks = false;

	if (mmu_space_open(check->whole, &query, &kernel))
		return false;
	for (uint64_t at = va & ~UINT64_C(4095); at < va + bytes && !lacks; at += 4096) {
		const struct mmu_walk_info *walk = mmu_walk_get(check->other);

		mmu_space_walk(kernel, at, check->other);
		lacks = walk->has_pa && is_left_out(check, walk->pa);
	}
	mmu_space_close(kernel);
	return lacks;
}

/* Does the message name something that this pid needs, and that is really missing? */
static bool pid_is_left_out(struct check *check, int pid, const struct mmu_error *error)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = (uint64_t)pid };
	struct mmu_space *space;
	bool left_out;

	if (!check->whole || !names_what_is_left_out(check, error) ||
	    mmu_space_open(check->whole, &query, &space))
		return false;
	/* its members lie in the first 4 KiB of either, wherever that begins */
	left_out = is_of(error, "task_struct")
			   ? lacks_object(check, mmu_space_task(space)->task_va, 4096)
		   : is_of(error, "mm_struct")
			   ? lacks_object(check, mmu_space_task(space)->mm_va, 1024)
			   : true; /* what leads to it: its struct pid, init_task */
	mmu_space_close(space);
	return left_out;
}

/* @return false: no address space */
static bool use_pid(struct check *check, int pid)
{
	struct mmu_space_query query = { .size = sizeof(query),
					 .by = MMU_SPACE_PID,
					 .value = (uint64_t)pid };

	if (check->pid == pid && (check->space || check->space_left_out)) {
		check->silent += !check->space;
		return check->space;
	}
	mmu_space_close(check->space);
	check->space = NULL;
	check->pid = pid;
	struct mmu_error *error = mmu_space_open(check->session, &query, &check->space);
	check->space_left_out = error && pid_is_left_out(check, pid, error);
	if (check->space_left_out)
		check->silent++;
	else if (error && check->differ++ < TOLD_MAX)
		printf("differ: pid %d: %s\n", pid, mmu_error_message(error));
	mmu_error_destroy(error);
	return check->space;
}

/* What pagemap would print for this walk; the truth tells whether it is right. */
static bool page_agrees(const struct check *check, const struct mmu_walk_info *walk, uint64_t truth)
{
	if (truth & PM_PRESENT)
		return walk->has_pa && walk->pa >> check->page_lg2 == (truth & PM_PFN);
	if (truth & PM_SWAP)
		return walk->has_swap && walk->swap_type == (truth & 31) &&
		       walk->swap_offset == (truth >> 5 & ((1ull << 50) - 1));
	return !walk->has_pa && !walk->has_swap;
}

/*
 * Is the result's own word right? A swap entry is one of a swap space that is in use, all others
 * are special; a page that is there can be touched unless its VMA allows nothing.
 */
static bool word_agrees(const struct check *check, const struct mmu_walk_info *walk, uint64_t truth)
{
	bool protnone = walk->result == MMU_RESULT_PROTNONE;

	if (truth & PM_PRESENT)
		return check->prot_none ? protnone
					: walk->result == MMU_RESULT_MAPPED ||
						  walk->result == MMU_RESULT_NUMA;
	if (truth & PM_SWAP && check->knows_swaps)
		return (walk->result == MMU_RESULT_SWAPPED) == ((truth & 31) < check->nr_swaps);
	return true;
}

/* A VMA that this image lacks is looked for in the whole memory. @return its flags; 0: none */
static uint64_t find_vma_flags(struct check *check, uint64_t va)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = (uint64_t)check->pid };
	const struct mmu_vma_info *vma = NULL;
	struct mmu_space *space;
	uint64_t flags;

	mmu_error_destroy(mmu_space_vma(check->space, va, &vma));
	if (vma || !check->whole)
		return vma ? vma->vm_flags : 0;
	if (mmu_space_open(check->whole, &query, &space))
		return 0;
	mmu_error_destroy(mmu_space_vma(space, va, &vma));
	flags = vma ? vma->vm_flags : 0;
	mmu_space_close(space);
	return flags;
}

/* Of the last entry that a walk has read; 0: it has read none. */
static uint64_t last_slot(const struct mmu_walk *walk)
{
	uint32_t nr = mmu_walk_get(walk)->nr_steps;

	return nr ? mmu_step_get(mmu_walk_step(walk, nr - 1))->slot_pa : 0;
}

/*
 * What the tables hold and pagemap leaves out: device pages (VM_PFNMAP), and what the truth names
 * (a PROT_NONE huge page of ARM LPAE).
 */
static bool truth_is_silent(struct check *check, uint64_t truth)
{
	const struct mmu_walk_info *walk = mmu_walk_get(check->walk);

	if (walk->result == MMU_RESULT_FILTERED || walk->result == MMU_RESULT_TRUNCATED)
		return check->whole && walk->nr_steps && is_left_out(check, last_slot(check->walk));
	if (truth & (PM_PRESENT | PM_SWAP) || !walk->has_pa)
		return false;
	for (size_t i = 0; i < check->nr_left_out; i++)
		if (check->left_out[i].pid == check->pid && check->left_out[i].va == walk->va)
			return true;
	return walk->result == MMU_RESULT_MAPPED && find_vma_flags(check, walk->va) & 0x400;
}

static void check_pages(struct check *check, char **field)
{
	int pid = atoi(field[1]);
	uint64_t va = strtoull(field[2], NULL, 0), count = strtoull(field[3], NULL, 0);
	uint64_t stride = strtoull(field[4], NULL, 0), word = strtoull(field[5], NULL, 0);
	const struct mmu_walk_info *walk = mmu_walk_get(check->walk);

	if (is_skipped(check, pid) || !use_pid(check, pid))
		return;
	for (uint64_t i = 0; i < count; i++, va += page_bytes(check), word += stride) {
		mmu_space_walk(check->space, va, check->walk);
		if (page_agrees(check, walk, word) && word_agrees(check, walk, word))
			check->agree++;
		else if (truth_is_silent(check, word))
			check->silent++;
		else
			tell(check, "page", pid, va, mmu_result_name(walk->result),
			     walk->has_pa ? walk->pa >> check->page_lg2 : walk->swap_offset, word);
	}
}

/* Without dentries, mounts, symbols or types, a name is short or missing. */
static void check_name(struct check *check, char **field, const struct mmu_vma_info *vma)
{
	const char *name = field[8] ? field[8] : "";
	bool whole = vma->named == MMU_VMA_NAME_NONE ? !*name : vma->named < MMU_VMA_NAME_PART;

	check->names += whole;
	check->short_names += !whole;
	if (vma->has_offset && vma->offset_bytes != strtoull(field[5], NULL, 16))
		tell(check, "offset", check->pid, vma->first_va, name, vma->offset_bytes, 0);
	if (whole && strcmp(vma->name, name) != 0)
		tell(check, vma->name, check->pid, vma->first_va, name, vma->named, 0);
}

static void check_vma(struct check *check, char **field)
{
	int pid = atoi(field[1]);
	uint64_t start = strtoull(field[2], NULL, 0), end = strtoull(field[3], NULL, 0);
	const struct mmu_vma_info *vma;
	uint64_t page = page_bytes(check);

	check->prot_none = !strncmp(field[4], "---", 3);
	if (is_skipped(check, pid) || start >> 63 || !use_pid(check, pid))
		return; /* [vsyscall] is no VMA of the process */
	/* its first page and its last */
	for (uint64_t at = start; at<end; at += end - start> page ? end - start - page : page) {
		struct mmu_error *error = mmu_space_vma(check->space, at, &vma);

		if (!error && vma && vma->first_va == start && vma->last_va == end - 1 &&
		    (vma->vm_flags & 1) == (field[4][0] == 'r') &&
		    (vma->vm_flags >> 1 & 1) == (field[4][1] == 'w') &&
		    (vma->vm_flags >> 2 & 1) == (field[4][2] == 'x'))
			check->agree++;
		else if (error && names_what_is_left_out(check, error))
			check->silent++;
		else
			tell(check, "VMA", pid, at, "starts at", !error && vma ? vma->first_va : 0,
			     start);
		if (!error && vma && at == start && field[5])
			check_name(check, field, vma);
		mmu_error_destroy(error);
	}
}

static void check_words(struct check *check, char **field)
{
	int pid = atoi(field[1]);
	uint64_t va = strtoull(field[2], NULL, 0), count = strtoull(field[3], NULL, 0);
	uint64_t frame = strtoull(field[5], NULL, 0);
	const struct mmu_walk_info *walk = mmu_walk_get(check->walk);

	if (is_skipped(check, pid) || !use_pid(check, pid))
		return;
	for (uint64_t i = 0; i < count; i++, va += page_bytes(check)) {
		mmu_space_walk(check->space, va, check->walk);
		bool same = strcmp(mmu_result_name(walk->result), field[4]) == 0;

		if (same &&
		    (!frame || (walk->has_target && walk->target_pa >> check->page_lg2 == frame)))
			check->agree++;
		else if (truth_is_silent(check, 0))
			check->silent++;
		else
			tell(check, field[4], pid, va, mmu_result_name(walk->result),
			     walk->has_target ? walk->target_pa >> check->page_lg2 : 0, frame);
	}
}

/* Where the kernel maps this memory for itself. @return 0: not known */
static uint64_t direct_va(struct check *check, uint64_t pa)
{
	const struct mmu_info *info = mmu_session_info(check->session);

	for (size_t i = 0; i < info->nr_linear; i++) {
		const struct mmu_linear *linear = mmu_session_linear(check->session, i);
		uint64_t va = linear->first_va + (pa - linear->first_pa);

		if (linear->roles & MMU_LINEAR_DIRECT && va >= linear->first_va &&
		    va <= linear->last_va)
			return va;
	}
	return 0;
}

static bool is_missing(const struct mmu_walk_info *walk)
{
	return walk->result == MMU_RESULT_FILTERED || walk->result == MMU_RESULT_TRUNCATED;
}

/* The word of a library that has no better one for this is protnone. */
static bool is_hidden(const struct mmu_walk_info *walk, uint64_t pa)
{
	const char *name;

	for (int n = 0; (name = mmu_result_name((enum mmu_result)n)); n++)
		if (strcmp(name, "hidden") == 0)
			return walk->result == (enum mmu_result)n && walk->has_pa && walk->pa == pa;
	return walk->result == MMU_RESULT_PROTNONE;
}

static void check_hidden(struct check *check, char **field)
{
	const struct mmu_space_query query = { .size = sizeof(query), .by = MMU_SPACE_KERNEL };
	const struct mmu_walk_info *walk = mmu_walk_get(check->walk);
	const struct mmu_walk_info *other = mmu_walk_get(check->other);
	struct mmu_space *kernel;
	int pid = atoi(field[1]);
	uint64_t va = strtoull(field[2], NULL, 0), base = 0;

	if (is_skipped(check, pid) || !use_pid(check, pid))
		return;
	mmu_space_walk(check->space, va, check->walk);
	if (!walk->has_pa && truth_is_silent(check, 0)) {
		check->silent++;
		return;
	}
	struct mmu_error *error = mmu_space_open(check->session, &query, &kernel);
	if (!error) {
		base = direct_va(check, walk->pa);
		mmu_space_walk(kernel, base, check->other);
		mmu_space_close(kernel);
	}
	if (!error && base && walk->has_pa && is_hidden(other, walk->pa))
		check->agree++;
	else if (!error && !base && walk->has_pa && mmu_space_arch(check->space)->elf_class == 1)
		check->silent++; /* high memory of a 32-bit kernel: its map has none of it */
	else if (check->whole && (error || !base || is_missing(other)))
		check->silent++; /* what leads there was left out */
	else
		tell(check, "direct map", pid, va,
		     error ? "no kernel" : mmu_result_name(other->result),
		     other->has_pa ? other->pa : 0, walk->pa);
	mmu_error_destroy(error);
}

static void check_content(struct check *check, char **field)
{
	int pid = atoi(field[1]);
	uint64_t va = strtoull(field[2], NULL, 0), first8 = strtoull(field[3], NULL, 0);
	uint64_t fnv64 = strtoull(field[4], NULL, 0), hash = 0xcbf29ce484222325ull, seen = 0;
	static unsigned char page[1u << PAGE_LG2_MAX];
	const struct mmu_walk_info *stop = mmu_walk_get(check->walk);
	size_t done;

	if (is_skipped(check, pid) || !use_pid(check, pid))
		return;
	if (!mmu_space_read(check->space, va, page, page_bytes(check), &done, check->walk)) {
		uint64_t pa = stop->has_pa ? stop->pa : last_slot(check->walk);

		if ((stop->has_pa ? stop->page_state != MMU_PAGE_OUTSIDE_RAM : !!check->whole) &&
		    is_left_out(check, pa))
			check->silent++; /* its bytes or a table left out by makedumpfile */
		else
			tell(check, "content", pid, va, mmu_result_name(stop->result), 0, first8);
		return;
	}
	for (size_t i = 0; i < page_bytes(check); i++)
		hash = (hash ^ page[i]) * 0x100000001b3ull;
	memcpy(&seen, page, sizeof(seen));
	seen = mmu_session_info(check->session)->big_endian ? be64toh(seen) : le64toh(seen);
	if (seen == first8 && hash == fnv64)
		check->agree++;
	else
		tell(check, "content", pid, va, "first bytes", seen, first8);
}

static void check_symbol(struct check *check, char **field)
{
	uint64_t va = strtoull(field[2], NULL, 0), value = strtoull(field[3], NULL, 0), ours;
	struct mmu_error *error = mmu_session_symbol(check->session, field[1], &ours);

	(void)value; /* variables such as init_mm move on until the dump is taken */
	if (error || ours != va)
		tell(check, field[1], 0, va, "symbol at", error ? 0 : ours, va);
	else
		check->agree++;
	mmu_error_destroy(error);
}

static bool is_cut_short(struct check *check)
{
	return mmu_session_info(check->session)->warning;
}

static void check_counter(struct check *check, char **field)
{
	int pid = atoi(field[1]);
	uint64_t theirs = strtoull(field[3], NULL, 0), ours;
	const struct mmu_task *task;

	if (is_skipped(check, pid) ||
	    (strcmp(field[2], "VmPTE") && strcmp(field[2], "VmRSS") &&
	     strcmp(field[2], "VmSwap")) ||
	    !use_pid(check, pid))
		return;
	task = mmu_space_task(check->space);
	ours = field[2][2] == 'P'   ? task->table_bytes / 1024
	       : field[2][2] == 'R' ? (uint64_t)task->rss_pages << (check->page_lg2 - 10)
				    : (uint64_t)task->swap_pages << (check->page_lg2 - 10);
	if (task->has_counters && ours == theirs)
		check->agree++;
	else if (!task->has_counters && check->whole && is_cut_short(check))
		check->silent++; /* their per-CPU parts may lie anywhere */
	else
		tell(check, field[2], pid, 0, task->has_counters ? "KiB" : "unknown", ours, theirs);
}

/* ------------------------------------------------------------------ the list of tasks */

struct tasks {
	struct mmu_task *list;
	size_t nr, room;
};

static void add_task(struct tasks *tasks, const struct mmu_task *task)
{
	if (tasks->nr == tasks->room) {
		tasks->room = tasks->room ? 2 * tasks->room : 256;
		tasks->list = reallocarray(tasks->list, tasks->room, sizeof(*tasks->list));
		if (!tasks->list)
			abort();
	}
	tasks->list[tasks->nr++] = *task;
}

static void check_problem(struct check *check, const struct mmu_error *problem)
{
	const char *message = mmu_error_message(problem);

	if (!names_what_is_left_out(check, problem) && !strstr(message, "more like these") &&
	    !strstr(message, "more tasks were found") && check->differ++ < TOLD_MAX)
		printf("differ: %s\n", message);
}

/* @param check  NULL: problems are not looked at */
static struct mmu_error *list_tasks(struct mmu_session *session, struct check *check,
				    struct tasks *ret)
{
	const struct mmu_tasks_query query = { .size = sizeof(query), .flags = MMU_TASKS_THREADS };
	const struct mmu_error *problem;
	const struct mmu_task *task;
	struct mmu_tasks *tasks;
	struct mmu_error *error = mmu_tasks_open(session, &query, &tasks);

	if (error)
		return error;
	while ((task = mmu_tasks_next(tasks, &problem)) || problem) {
		if (task)
			add_task(ret, task);
		else if (check)
			check_problem(check, problem);
	}
	mmu_tasks_close(tasks);
	return NULL;
}

/* A task that is not listed: does the error of its pid say what is missing? */
static bool task_is_left_out(struct check *check, const struct mmu_task *task)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = (uint64_t)task->pid };
	struct mmu_space *space = NULL;
	struct mmu_error *error = mmu_space_open(check->session, &query, &space);
	bool left_out = error && names_what_is_left_out(check, error);

	mmu_error_destroy(error);
	mmu_space_close(space);
	return left_out;
}

/* Its members lie in its first 4 KiB, wherever those begin. */
static bool task_can_be_read(struct check *check, const struct mmu_task *task)
{
	return !lacks_object(check, task->task_va, 4096);
}

/*
 * Every task of the whole memory must be listed once, or be said to be missing; and nothing else.
 * One that could be read may be out of reach where much is missing.
 */
static void check_tasks(struct check *check)
{
	struct tasks ours = { .nr = 0 }, theirs = { .nr = 0 };
	size_t known = 0, out_of_reach = 0;

	struct mmu_error *error = list_tasks(check->session, check, &ours);

	if (error && !names_what_is_left_out(check, error) && check->differ++ < TOLD_MAX)
		printf("differ: %s\n", mmu_error_message(error));
	mmu_error_destroy(error);
	error = list_tasks(check->whole, NULL, &theirs);
	if (error)
		tell(check, "tasks", 0, 0, "not all in the whole memory", 0, 0);
	mmu_error_destroy(error);
	for (size_t i = 0; i < theirs.nr; i++) {
		const struct mmu_task *their = &theirs.list[i];
		size_t times = 0;

		for (size_t n = 0; n < ours.nr; n++)
			times += ours.list[n].task_va == their->task_va &&
				 ours.list[n].pid == their->pid &&
				 ours.list[n].tgid == their->tgid &&
				 ours.list[n].mm_va == their->mm_va &&
				 !strcmp(ours.list[n].comm, their->comm);
		known += times;
		out_of_reach += !times && task_can_be_read(check, their);
		if (times == 1)
			check->agree++;
		else if (!times && task_is_left_out(check, their))
			check->silent++;
		else
			tell(check, "task", their->pid, their->task_va, "listed times", times, 1);
	}
	if (known != ours.nr)
		tell(check, "tasks", 0, 0, "listed", ours.nr, known);
	printf("tasks %zu of %zu, out of reach %zu\n", ours.nr, theirs.nr, out_of_reach);
	free(ours.list);
	free(theirs.list);
}

static void check_row(struct check *check, char **field, int count)
{
	if (strcmp(field[0], "E") == 0 && count >= 6)
		check_pages(check, field);
	else if (strcmp(field[0], "V") == 0 && count >= 5)
		check_vma(check, field);
	else if (strcmp(field[0], "C") == 0 && count >= 5)
		check_content(check, field);
	else if (strcmp(field[0], "W") == 0 && count >= 6)
		check_words(check, field);
	else if (strcmp(field[0], "H") == 0 && count >= 3)
		check_hidden(check, field);
	else if (strcmp(field[0], "M") == 0 && count >= 3 && !strcmp(field[1], "swaps")) {
		check->knows_swaps = true;
		check->nr_swaps += field[2][0] == '/';
	} else if (strcmp(field[0], "M") == 0 && count >= 3 && !strcmp(field[1], "page_bytes")) {
		unsigned int lg2 = (unsigned int)ffs(atoi(field[2])) - 1;

		check->page_lg2 = lg2 <= PAGE_LG2_MAX ? lg2 : check->page_lg2;
	} else if (strcmp(field[0], "Q") == 0 && count >= 4)
		check_symbol(check, field);
	else if (strcmp(field[0], "S") == 0 && count >= 4)
		check_counter(check, field);
	else if (strcmp(field[0], "X") == 0 && count >= 3 && check->nr_left_out < LEFT_OUT_MAX) {
		check->left_out[check->nr_left_out].pid = atoi(field[1]);
		check->left_out[check->nr_left_out++].va = strtoull(field[2], NULL, 0);
	} else if (strcmp(field[0], "P") == 0 && count >= 6 && strstr(field[5], "reporter") &&
		   check->nr_skipped < 64)
		check->skipped[check->nr_skipped++] = atoi(field[1]);
}

/* --ram, --fact and --arch as the tool takes them, --whole, then pids to skip. */
static bool parse_options(struct check *check, struct mmu_options *options, const char **whole,
			  char **argv)
{
	static struct mmu_raw_range raw[16];
	static const struct mmu_raw_range *raw_list[17];
	static const char *facts[17];
	size_t nr_facts = 0, nr_raw = 0;

	options->raw = NULL;
	for (; *argv; argv++) {
		if (strcmp(*argv, "--ram") == 0 && argv[1] && nr_raw < 16) {
			struct mmu_raw_range *range = &raw[nr_raw];
			char *file = strstr(*++argv, ":::");

			raw_list[nr_raw++] = range;
			options->raw = raw_list;
			range->size = sizeof(*range);
			range->first_pa = strtoull(*argv, NULL, 0);
			range->path = file ? file + 3 : NULL;
		} else if (strcmp(*argv, "--fact") == 0 && argv[1] && nr_facts < 16) {
			facts[nr_facts++] = *++argv;
			options->facts = facts;
		} else if (strcmp(*argv, "--arch") == 0 && argv[1]) {
			options->arch = *++argv;
		} else if (strcmp(*argv, "--whole") == 0 && argv[1]) {
			*whole = *++argv;
		} else if (check->nr_skipped < 64) {
			check->skipped[check->nr_skipped++] = atoi(*argv);
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct check check = { .page_lg2 = 12 };

	if (argc < 4) {
		fprintf(stderr,
			"usage: %s IMAGE VMLINUX|- TRUTH [--ram PA[:::FILE]] "
			"[--fact KEY=VALUE] [--arch NAME] [--whole IMAGE] [PID-TO-SKIP...]\n"
			"--whole: the same memory, of which IMAGE lacks parts\n",
			argv[0]);
		return 2;
	}
	struct mmu_options options = { .size = sizeof(options),
				       .image = argv[1],
				       .vmlinux = strcmp(argv[2], "-") ? argv[2] : NULL };
	const char *whole = NULL;
	if (!parse_options(&check, &options, &whole, argv + 4))
		return 2;
	FILE *file = fopen(argv[3], "r");
	struct mmu_error *error = file ? mmu_session_open(&options, &check.session) : NULL;
	if (!error)
		error = mmu_walk_create(&check.walk);
	if (!error)
		error = mmu_walk_create(&check.other);
	options.image = whole;
	if (!error && whole)
		error = mmu_session_open(&options, &check.whole);
	if (!file || error) {
		fprintf(stderr, "%s\n", error ? mmu_error_message(error) : "can't open the truth");
		return 3;
	}
	truth_read(file, check_row, &check);
	fclose(file);
	if (check.whole)
		check_tasks(&check);
	mmu_walk_destroy(check.walk);
	mmu_walk_destroy(check.other);
	mmu_space_close(check.space);
	mmu_session_close(check.session);
	mmu_session_close(check.whole);
	printf("names %" PRIu64 ", short %" PRIu64 "\n", check.names, check.short_names);
	printf("agree %" PRIu64 ", differ %" PRIu64 ", silent %" PRIu64 "\n", check.agree,
	       check.differ, check.silent);
	return check.differ || !check.agree;
}
