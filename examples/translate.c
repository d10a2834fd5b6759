/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Where is an address of a process? A small, whole client of libmmuscope.
 *
 *     cc translate.c -o translate $(pkg-config --cflags --libs mmuscope)
 *     ./translate vmcore vmlinux 109 0x7faceb40448c
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <mmuscope/mmuscope.h>

/* Those of the tool. */
enum { MAPPED = 0, NOT_MAPPED = 1, USAGE = 2, UNUSABLE = 3 };

static bool parse(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 0);
	return end != text && !*end && !errno;
}

/* Tell an error, and free it. */
static int fail(struct mmu_error *error)
{
	enum mmu_error_kind code = mmu_error_code(error);

	fprintf(stderr, "translate: %s\n", mmu_error_message(error));
	mmu_error_destroy(error);
	return code == MMU_ERROR_NO_TASK || code == MMU_ERROR_NO_MM ? NOT_MAPPED : UNUSABLE;
}

/* A walk can't fail: a hole is a result. */
static int tell(struct mmu_space *space, uint64_t va)
{
	struct mmu_walk *walk;
	struct mmu_error *error = mmu_walk_create(&walk);
	char rights[6];

	if (error)
		return fail(error);
	mmu_space_walk(space, va, walk);
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	bool mapped = info->result == MMU_RESULT_MAPPED;
	if (mapped)
		printf("0x%" PRIx64 " is at physical 0x%" PRIx64 ", rights %s\n", va, info->pa,
		       mmu_rights_text(info->rights, rights));
	else
		printf("0x%" PRIx64 " is not mapped: %s\n", va, mmu_result_name(info->result));
	mmu_walk_destroy(walk);
	return mapped ? MAPPED : NOT_MAPPED;
}

static int translate(struct mmu_session *session, uint64_t pid, uint64_t va)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = pid };
	struct mmu_space *space;
	struct mmu_error *error = mmu_space_open(session, &query, &space);

	if (error)
		return fail(error);
	int status = tell(space, va);
	mmu_space_close(space);
	return status;
}

int main(int argc, char **argv)
{
	struct mmu_session *session;
	uint64_t pid, va;

	if (argc != 5 || !parse(argv[3], &pid) || !parse(argv[4], &va)) {
		fprintf(stderr, "usage: translate IMAGE VMLINUX PID ADDRESS\n");
		return USAGE;
	}
	const struct mmu_options options = { .size = sizeof(options),
					     .image = argv[1],
					     .vmlinux = argv[2] };
	struct mmu_error *error = mmu_session_open(&options, &session);
	if (error)
		return fail(error);
	int status = translate(session, pid, va);
	mmu_session_close(session);
	return status;
}
