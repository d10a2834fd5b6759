/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Jobs that print on several threads: what comes is what one thread would have printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tool/parallel.h"
#include "tool/print_jobs.h"

int tool_seal(struct tool *tool)
{
	(void)tool;
	return TOOL_OK;
}

#define NR_JOBS 40u
#define LONG_LINES 15000u

static atomic_bool interrupted;

/* What the tool has beside: nothing of it is tested here. */
const struct mmu_hook tool_worker_hook = { .size = sizeof(tool_worker_hook) };

bool tool_interrupted(void)
{
	return atomic_load(&interrupted);
}

void tool_progress(const char *what, uint64_t done, uint64_t total)
{
	assert_true(what[0] && done <= total);
}

void tool_progress_end(void)
{
}

void tool_catch_interrupt(void)
{
}

void json_release(void)
{
}

unsigned int tool_threads(unsigned int wanted, size_t nr_jobs)
{
	return wanted < nr_jobs ? wanted : (unsigned int)nr_jobs;
}

/* ------------------------------------------------------------------ jobs */

struct told {
	char *out, *error;
	size_t out_bytes, error_bytes;
	int status;
};

/* Some print more than may be kept, some nothing, some say on standard error what they did. */
static int print_job(size_t job, void *context)
{
	const size_t *interrupting = context;

	if (interrupting && job == *interrupting)
		atomic_store(&interrupted, true);
	if (job % 5 == 4)
		return 0;
	if (job % 5 != 3)
		tool_print_gap();
	for (unsigned int line = 0; line < (job % 7 ? job * 10 : LONG_LINES); line++)
		printf("job %zu, line %u\n", job, line);
	if (job % 3 == 1) {
		fprintf(stderr, "job %zu says so", job);
		fprintf(stderr, ", in two parts\n");
	}
	putchar('\n');
	return job == 17 ? 3 : job % 2;
}

static struct told tell(unsigned int threads, size_t *interrupting)
{
	FILE *out = stdout, *error = stderr;
	struct told ret = { 0 };

	atomic_store(&interrupted, false);
	stdout = open_memstream(&ret.out, &ret.out_bytes);
	stderr = open_memstream(&ret.error, &ret.error_bytes);
	ret.status = tool_print_jobs(NR_JOBS, threads, print_job, interrupting);
	fclose(stdout);
	fclose(stderr);
	stdout = out;
	stderr = error;
	return ret;
}

static void release(struct told *told)
{
	free(told->out);
	free(told->error);
}

static void same_with_any_threads(void **state)
{
	struct told one = tell(1, NULL);

	assert_int_equal(one.status, 3);
	assert_true(one.out[0] != '\n' && one.out_bytes > 6 * LONG_LINES);
	for (unsigned int threads = 2; threads < 9; threads++) {
		struct told other = tell(threads, NULL);

		assert_int_equal(other.status, one.status);
		assert_int_equal(other.out_bytes, one.out_bytes);
		assert_int_equal(other.error_bytes, one.error_bytes);
		assert_memory_equal(other.out, one.out, one.out_bytes);
		assert_memory_equal(other.error, one.error, one.error_bytes);
		release(&other);
	}
	release(&one);
}

/* What comes before is whole, and nothing comes behind. */
static void interrupted_ones(void **state)
{
	struct told whole = tell(1, NULL);

	for (unsigned int threads = 1; threads < 5; threads++)
		for (size_t job = 0; job < NR_JOBS; job += 3) {
			struct told cut = tell(threads, &job);

			assert_true(cut.out_bytes <= whole.out_bytes);
			assert_memory_equal(cut.out, whole.out, cut.out_bytes);
			assert_true(!cut.out_bytes || cut.out[cut.out_bytes - 1] == '\n');
			if (job + 2 * 4 * threads < NR_JOBS)
				assert_true(cut.out_bytes < whole.out_bytes);
			release(&cut);
		}
	release(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_with_any_threads),
		cmocka_unit_test(interrupted_ones),
	};

	return cmocka_run_group_tests_name("print-jobs-threads", tests, NULL, NULL);
}
