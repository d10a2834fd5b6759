/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * An extract of a hostile kernel is opened again: its tasks, VMAs, walks and ranges are the same.
 *
 * Where the image itself lacks or contradicts something, the extract may lack more, and say so:
 * then what both say is the same.
 *
 * An input is a made-up kernel's, whose memory does not change while it is read. In an extract one
 * reason why bytes are not there can be another: all that was not kept is "filtered".
 */
#include <string.h>

#include "analysis/extract.h"
#include "fuzz/files.h"
#include "fuzz/made_kernel.h"

#define ROWS_MAX 256u
#define DATA_BYTES_MAX 1024u
#define FILE_BYTES_MAX (1u << 20)
/* Of made_kernel(): see there. */
#define HEAD_BYTES 10u
#define RECORD_BYTES 14u

/* The same question to both: [0] the image, [1] the extract of it. */
static struct mmu_session *session[2];
static uint64_t asked_va;
/* Nothing was missing or damaged: then nothing may be missing in the extract, either. */
static bool whole;

/* ------------------------------------------------------------------ the file */

/* In memory, and as large as it was made; what nobody wrote is 0. */
struct mmu_new_file {
	FILE *stream;
	size_t at, bytes;
	uint8_t data[FILE_BYTES_MAX];
};

static struct mmu_new_file file;

struct mmu_error *__wrap_mmu_new_file_open(const char *path, struct mmu_new_file **ret);
FILE *__wrap_mmu_new_file_stream(struct mmu_new_file *which);
struct mmu_error *__wrap_mmu_new_file_close(struct mmu_new_file *which, bool keep);
int __wrap_ftruncate64(int fd, off_t bytes);

static ssize_t write_file(void *cookie, const char *bytes, size_t count)
{
	(void)cookie;
	FUZZ_CHECK(file.at <= FILE_BYTES_MAX && count <= FILE_BYTES_MAX - file.at);
	memcpy(file.data + file.at, bytes, count);
	file.at += count;
	file.bytes = file.bytes < file.at ? file.at : file.bytes;
	return (ssize_t)count;
}

static int seek_file(void *cookie, off64_t *at, int whence)
{
	(void)cookie;
	FUZZ_CHECK(whence == SEEK_SET && *at >= 0);
	file.at = (size_t)*at;
	return 0;
}

struct mmu_error *__wrap_mmu_new_file_open(const char *path, struct mmu_new_file **ret)
{
	(void)path;
	memset(file.data, 0, file.bytes);
	file.at = file.bytes = 0;
	file.stream = fopencookie(
		&file, "w", (cookie_io_functions_t){ .write = write_file, .seek = seek_file });
	FUZZ_CHECK(file.stream);
	*ret = &file;
	return NULL;
}

FILE *__wrap_mmu_new_file_stream(struct mmu_new_file *which)
{
	return which->stream;
}

/* So it is called where files may be large. */
int __wrap_ftruncate64(int fd, off_t bytes)
{
	(void)fd;
	FUZZ_CHECK(bytes >= 0 && (size_t)bytes >= file.bytes && (size_t)bytes <= FILE_BYTES_MAX);
	file.bytes = (size_t)bytes;
	return 0;
}

struct mmu_error *__wrap_mmu_new_file_close(struct mmu_new_file *which, bool keep)
{
	fclose(which->stream);
	if (keep)
		files_put("extract", which->data, which->bytes, false);
	return NULL;
}

/* ------------------------------------------------------------------ both sides */

static enum mmu_result without_reason(enum mmu_result result)
{
	switch (result) {
	case MMU_RESULT_TRUNCATED:
	case MMU_RESULT_OUTSIDE_RAM:
	case MMU_RESULT_UNREADABLE:
		return MMU_RESULT_FILTERED;
	default:
		return result;
	}
}

/* Whoever was asked to stop says no more: then there is nothing to compare. */
static bool is_stop(const struct mmu_error *error)
{
	return error && mmu_error_code(error) == MMU_ERROR_STOPPED;
}

/* Both fail, or none; what they say of it may differ. */
static void same_errors(struct mmu_error *const error[2])
{
	if (!whole || is_stop(error[0]) || is_stop(error[1]))
		return;
	for (unsigned int side = 0; side < 2; side++)
		if (!error[0] != !error[1])
			fprintf(stderr, "%s: %s\n", side ? "extract" : "image",
				error[side] ? mmu_error_message(error[side]) : "no error");
	FUZZ_CHECK(!error[0] == !error[1]);
}

static bool open_tasks(struct mmu_tasks *ret[2])
{
	const struct mmu_tasks_query query = { .size = sizeof(query), .flags = 1 };
	struct mmu_error *error[2] = { NULL };

	for (unsigned int side = 0; side < 2; side++) {
		made_hook_calls = 0;
		error[side] = mmu_tasks_open(session[side], &query, &ret[side]);
	}
	bool good = !error[0] && !error[1];
	same_errors(error);
	for (unsigned int side = 0; side < 2; side++) {
		if (!good && !error[side])
			mmu_tasks_close(ret[side]);
		made_error(error[side]);
	}
	return good;
}

static void tasks(void)
{
	const struct mmu_task *task[2];
	struct mmu_tasks *all[2];

	if (!open_tasks(all))
		return;
	do {
		const struct mmu_error *problem[2] = { NULL };

		for (unsigned int side = 0; side < 2; side++)
			task[side] = mmu_tasks_next(all[side], &problem[side]);
		FUZZ_CHECK(!task[0] == !task[1] && !problem[0] == !problem[1]);
		if (problem[0])
			task[0] = NULL;
		if (task[0]) {
			FUZZ_CHECK(task[0]->task_va == task[1]->task_va);
			FUZZ_CHECK(task[0]->pid == task[1]->pid && task[0]->tgid == task[1]->tgid);
			FUZZ_CHECK(task[0]->mm_va == task[1]->mm_va);
			FUZZ_CHECK(task[0]->pgd_pa == task[1]->pgd_pa);
			FUZZ_CHECK(task[0]->owner == task[1]->owner);
			FUZZ_CHECK(strcmp(task[0]->comm, task[1]->comm) == 0);
		} else if (!problem[0]) {
			break;
		}
	} while (true);
	for (unsigned int side = 0; side < 2; side++)
		mmu_tasks_close(all[side]);
}

static void walk(struct mmu_space *const space[2], uint64_t va)
{
	const struct mmu_walk_info *info[2];
	struct mmu_walk *walks[2];

	for (unsigned int side = 0; side < 2; side++) {
		made_error(mmu_walk_create(&walks[side]));
		mmu_space_walk(space[side], va, walks[side]);
		info[side] = mmu_walk_get(walks[side]);
	}
	FUZZ_CHECK(without_reason(info[0]->result) == without_reason(info[1]->result));
	FUZZ_CHECK(info[0]->nr_steps == info[1]->nr_steps);
	FUZZ_CHECK(info[0]->rights == info[1]->rights && info[0]->has_pa == info[1]->has_pa);
	FUZZ_CHECK(!info[0]->has_pa || info[0]->pa == info[1]->pa);
	for (unsigned int i = 0; i < info[0]->nr_steps; i++) {
		const struct mmu_step_info *one = mmu_step_get(mmu_walk_step(walks[0], i));
		const struct mmu_step_info *other = mmu_step_get(mmu_walk_step(walks[1], i));

		FUZZ_CHECK(one->slot_pa == other->slot_pa && one->readable == other->readable);
		FUZZ_CHECK(!one->readable || one->raw == other->raw);
	}
	for (unsigned int side = 0; side < 2; side++)
		mmu_walk_destroy(walks[side]);
}

static void vmas(struct mmu_space *const space[2])
{
	struct mmu_vmas *all[2] = { NULL };
	bool more = true;

	for (unsigned int side = 0; side < 2; side++)
		made_error(mmu_vmas_open(space[side], &all[side]));
	FUZZ_CHECK(!all[0] == !all[1]);
	for (unsigned int i = 0; all[0] && more && i < ROWS_MAX; i++) {
		const struct mmu_vma_info *vma[2];
		struct mmu_error *error[2];

		for (unsigned int side = 0; side < 2; side++) {
			vma[side] = NULL;
			error[side] = mmu_vmas_next(all[side], &vma[side]);
		}
		same_errors(error);
		more = !error[0] && !error[1] && vma[0] && vma[1];
		if (!error[0] && !error[1])
			FUZZ_CHECK(!vma[0] == !vma[1]);
		if (more) {
			FUZZ_CHECK(vma[0]->first_va == vma[1]->first_va);
			FUZZ_CHECK(vma[0]->last_va == vma[1]->last_va);
			FUZZ_CHECK(vma[0]->vm_flags == vma[1]->vm_flags);
			FUZZ_CHECK(strcmp(vma[0]->name, vma[1]->name) == 0);
		}
		for (unsigned int side = 0; side < 2; side++)
			made_error(error[side]);
	}
	for (unsigned int side = 0; side < 2; side++)
		mmu_vmas_close(all[side]);
}

/* The next range of one side, with those behind it that say the same. @return false: none */
static bool next_range(struct mmu_ranges *ranges, struct mmu_range *ret, bool *ret_stopped)
{
	const struct mmu_range *range = NULL;
	struct mmu_error *error = mmu_ranges_next(ranges, &range);

	*ret_stopped = error;
	made_error(error);
	if (error || !range)
		return false;
	*ret = *range;
	return true;
}

/* Ranges that can't be read may be merged otherwise: the rest is compared. */
static bool next_readable(struct mmu_ranges *ranges, struct mmu_range *ret, bool *ret_stopped)
{
	bool more;

	do {
		more = next_range(ranges, ret, ret_stopped);
	} while (more && without_reason(ret->result) == MMU_RESULT_FILTERED);
	return more;
}

static void ranges(struct mmu_space *const space[2])
{
	const struct mmu_part part = { .size = sizeof(part), .last_va = UINT64_MAX };
	struct mmu_ranges *all[2] = { NULL };
	bool more = true;

	made_hook_calls = 0;
	for (unsigned int side = 0; side < 2; side++)
		made_error(mmu_ranges_open(space[side], &part, &all[side]));
	FUZZ_CHECK(all[0] && all[1]);
	for (unsigned int i = 0; more && i < ROWS_MAX; i++) {
		struct mmu_range range[2];
		bool found[2], stopped[2];

		for (unsigned int side = 0; side < 2; side++)
			found[side] = next_readable(all[side], &range[side], &stopped[side]);
		if (stopped[0] || stopped[1])
			break;
		FUZZ_CHECK(found[0] == found[1]);
		more = found[0];
		if (!more)
			break;
		FUZZ_CHECK(range[0].first_va == range[1].first_va);
		FUZZ_CHECK(range[0].last_va == range[1].last_va);
		FUZZ_CHECK(range[0].result == range[1].result);
		FUZZ_CHECK(range[0].rights == range[1].rights && range[0].pa == range[1].pa);
	}
	for (unsigned int side = 0; side < 2; side++)
		mmu_ranges_close(all[side]);
}

static void compare_spaces(enum mmu_space_by by, uint64_t value)
{
	const struct mmu_space_query query = { .size = sizeof(query), .by = by, .value = value };
	struct mmu_space *space[2] = { NULL };
	struct mmu_error *error[2] = { NULL };

	for (unsigned int side = 0; side < 2; side++) {
		made_hook_calls = 0;
		error[side] = mmu_space_open(session[side], &query, &space[side]);
	}
	same_errors(error);
	made_error(error[0]);
	made_error(error[1]);
	if (space[0] && space[1]) {
		walk(space, asked_va);
		walk(space, MADE_USER_VA);
		walk(space, MADE_BASE);
		ranges(space);
		if (by == MMU_SPACE_PID)
			vmas(space);
	}
	for (unsigned int side = 0; side < 2; side++)
		mmu_space_close(space[side]);
}

/* ------------------------------------------------------------------ the target */

/* @return whether there is an extract; that there is none has a reason, one line */
static bool extract(const struct made *made)
{
	static const int32_t first[] = { 1 };
	const struct mmu_extract_wish wish = { .pids = first,
					       .nr_pids = made->asks & 1,
					       .hook = made_hook };
	struct mmu_extract result = { .bytes = { 0 } };
	struct mmu_error *error = mmu_extract_write(&made->session->kernel, &wish, "extract",
						    &result);

	made_error(error);
	whole = !error && !result.problems && !result.missing_bytes;
	return !error;
}

static void open_extract(bool maple)
{
	const struct mmu_source source = { .path = "extract" };
	struct mmu_image *image = NULL;

	struct mmu_error *error = mmu_image_open(&source, &image);
	FUZZ_CHECK(!error);
	session[1] = made_session_create(image, maple);
	mmu_memory_init(&session[1]->memory, &session[1]->kernel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t copy[DATA_BYTES_MAX] = { 0 };

	bytes = bytes < sizeof(copy) ? bytes : sizeof(copy);
	memcpy(copy, data, bytes);
	copy[0] &= 1;
	for (size_t at = HEAD_BYTES; at < bytes; at += RECORD_BYTES)
		copy[at] &= (uint8_t)~4u; /* now, not meanwhile */
	struct made made = made_kernel(copy, bytes);
	session[0] = made.session;
	asked_va = made.value;
	if (extract(&made)) {
		open_extract(!copy[0]);
		if (whole)
			tasks();
		compare_spaces(MMU_SPACE_PID, 1);
		if (!(made.asks & 1))
			compare_spaces(MMU_SPACE_PID, 2);
		compare_spaces(MMU_SPACE_KERNEL, 0);
		mmu_session_close(session[1]);
	}
	made_release(&made);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	return made_mutate(data, bytes, max, seed);
}

void fuzz_seeds(fuzz_seed_fn take)
{
	static const uint8_t head[HEAD_BYTES];
	struct made made = made_kernel(head, sizeof(head));

	/* else all that follows would compare nothing, and fast */
	FUZZ_CHECK(extract(&made));
	made_release(&made);
	made_seeds(take);
}
