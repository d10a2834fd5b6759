/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A client that sets no last member of any struct, so that it can be built with older headers.
 *
 *     client IMAGE VMLINUX PID VA
 *
 * Prints what it learns of a process, one fact a line; what is wrong ends it with a line on stderr.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mmuscope/mmuscope.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "client: line %d: %s\n", __LINE__, #condition);            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* No error is expected. */
static void need(struct mmu_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "client: %s\n", mmu_error_message(error));
	exit(1);
}

/* A struct that ends where memory does: whatever is read or written behind it is caught. */
static void *alone(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
	void *ret = pages + page - bytes;

	CHECK(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
	*(size_t *)ret = bytes;
	return ret;
}

/* It must have been copied: from now on it is not there any more. */
static void gone(void *alone, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	CHECK(munmap((char *)alone + bytes - page, 2 * page) == 0);
}

static int never_stop(const struct mmu_progress *progress, void *context)
{
	(void)context;
	CHECK(progress->phase >= MMU_PHASE_LEARN && progress->phase <= MMU_PHASE_EXTRACT);
	return 0;
}

static struct mmu_hook *hook(void)
{
	struct mmu_hook *ret = alone(sizeof(*ret));

	ret->fn = never_stop;
	return ret;
}

static struct mmu_session *open_session(const char *image, const char *vmlinux)
{
	struct mmu_options *options = alone(sizeof(*options));
	struct mmu_session *session = NULL;

	options->image = image;
	options->vmlinux = vmlinux;
	options->hook = hook();
	need(mmu_session_open(options, &session));
	gone((void *)options->hook, sizeof(*options->hook));
	gone(options, sizeof(*options));
	need(mmu_session_learn(session));
	return session;
}

static void list_tasks(struct mmu_session *session)
{
	struct mmu_tasks_query *query = alone(sizeof(*query));
	const struct mmu_error *problem;
	const struct mmu_task *task;
	struct mmu_tasks *tasks = NULL;
	unsigned int nr = 0, problems = 0;

	need(mmu_tasks_open(session, query, &tasks));
	gone(query, sizeof(*query));
	while ((task = mmu_tasks_next(tasks, &problem)) || problem)
		*(task ? &nr : &problems) += 1;
	mmu_tasks_close(tasks);
	printf("%u tasks, %u problems\n", nr, problems);
}

static struct mmu_space *open_space(struct mmu_session *session, uint64_t pid)
{
	struct mmu_space_query *query = alone(sizeof(*query));
	struct mmu_space *space = NULL;

	query->by = MMU_SPACE_PID;
	query->value = pid;
	need(mmu_space_open(session, query, &space));
	gone(query, sizeof(*query));
	return space;
}

static void list_ranges(struct mmu_space *space)
{
	struct mmu_part *part = alone(sizeof(*part));
	const struct mmu_range *range;
	const struct mmu_walk *walk;
	struct mmu_ranges *ranges = NULL;
	struct mmu_leaves *leaves = NULL;
	uint64_t nr = 0, bytes = 0, last_va, leaf_bytes = 0, missing;

	mmu_space_extent(space, &part->first_va, &part->last_va);
	need(mmu_ranges_open(space, part, &ranges));
	need(mmu_leaves_open(space, part, &leaves));
	gone(part, sizeof(*part));
	for (need(mmu_ranges_next(ranges, &range)); range; need(mmu_ranges_next(ranges, &range))) {
		nr++;
		bytes += range->last_va - range->first_va + 1;
	}
	for (need(mmu_leaves_next(leaves, &walk, &last_va)); walk;
	     need(mmu_leaves_next(leaves, &walk, &last_va)))
		leaf_bytes += last_va - mmu_walk_get(walk)->va + 1;
	CHECK(bytes == leaf_bytes);
	CHECK(mmu_leaves_ended(leaves) == MMU_LEAVES_ALL);
	CHECK(mmu_leaves_ended(mmu_ranges_leaves(ranges)) == MMU_LEAVES_ALL);
	for (unsigned int level = 0; level < MMU_LEVELS_MAX; level++) {
		CHECK(mmu_leaves_tables(leaves, level, &missing) ==
		      mmu_leaves_tables(mmu_ranges_leaves(ranges), level, NULL));
		printf("level %u: %" PRIu64 " tables, %" PRIu64 " missing\n", level,
		       mmu_leaves_tables(leaves, level, NULL), missing);
	}
	mmu_ranges_close(ranges);
	mmu_leaves_close(leaves);
	printf("%" PRIu64 " ranges, %" PRIu64 " bytes\n", nr, bytes);
}

static void list_vmas(struct mmu_space *space)
{
	const struct mmu_vma_info *vma = NULL, *same;
	struct mmu_vmas *vmas = NULL;
	struct mmu_error *error;
	unsigned int nr = 0, problems = 0;
	uint64_t last_va = 0;

	need(mmu_vmas_open(space, &vmas));
	do {
		error = mmu_vmas_next(vmas, &vma);
		problems += error != NULL;
		mmu_error_destroy(error);
		if (error || !vma)
			continue;
		CHECK(!nr || vma->first_va > last_va);
		last_va = vma->last_va;
		need(mmu_space_vma(space, vma->first_va, &same));
		CHECK(same && same->last_va == vma->last_va);
		nr++;
	} while ((error || vma) && problems < 100);
	mmu_vmas_close(vmas);
	printf("%u VMAs, %u problems\n", nr, problems);
}

static void tell_walk(struct mmu_space *space, uint64_t va)
{
	struct mmu_walk *walk = NULL;
	char rights[6];

	need(mmu_walk_create(&walk));
	mmu_space_walk(space, va, walk);
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	printf("0x%" PRIx64 ": %s 0x%" PRIx64 " %s, %u steps\n", info->va,
	       mmu_result_name(info->result), info->pa, mmu_rights_text(info->rights, rights),
	       info->nr_steps);
	for (size_t i = 0; i < info->nr_steps; i++)
		printf("  level %u: 0x%" PRIx64 "\n", mmu_step_get(mmu_walk_step(walk, i))->level,
		       mmu_step_get(mmu_walk_step(walk, i))->raw);
	CHECK(!mmu_walk_step(walk, info->nr_steps));
	mmu_walk_destroy(walk);
}

static void compare(struct mmu_space *space)
{
	struct mmu_compare_query *query = alone(sizeof(*query));
	struct mmu_comparison *comparison = NULL;
	const struct mmu_difference *difference = NULL;
	struct mmu_differences *differences = NULL;

	need(mmu_compare_spaces(space, space, query, &comparison));
	gone(query, sizeof(*query));
	CHECK(mmu_comparison_get(comparison)->nr_differences == 0);
	need(mmu_differences_open(comparison, &differences));
	need(mmu_differences_next(differences, &difference));
	CHECK(!difference);
	mmu_differences_close(differences);
	printf("%" PRIu64 " bytes are the same\n", mmu_comparison_get(comparison)->same_bytes);
	mmu_comparison_destroy(comparison);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	struct mmu_session *session = open_session(argv[1], argv[2]);
	struct mmu_space *space = open_space(session, strtoull(argv[3], NULL, 0));
	list_tasks(session);
	tell_walk(space, strtoull(argv[4], NULL, 0));
	list_ranges(space);
	list_vmas(space);
	compare(space);
	mmu_space_close(space);
	mmu_session_close(session);
	return 0;
}
