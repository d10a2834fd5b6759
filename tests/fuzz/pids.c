/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Pids: the list of tasks, the table of pids, and who is found by which. */
#include "fuzz/made_kernel.h"
#include "objects/task_find.h"
#include "objects/tasks.h"

static unsigned int nr_told;

static bool take_task(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	FUZZ_CHECK(!task != !problem);
	nr_told++;
	return nr_told < 4096;
}

/* Who is found by a pid has this pid, as memory says when it does not change. */
static void find(struct made *made, int32_t pid)
{
	enum mmu_task_known known;
	struct mmu_task task;
	struct mmu_error *error = mmu_task_find(&made->session->memory, pid, &task, &known);
	uint64_t value;

	if (!error) {
		FUZZ_CHECK(task.pid == pid);
		if (!made->memory->nr_writes && task.task_va >= MADE_BASE &&
		    memory_read(made->memory, task.task_va - MADE_BASE, 4, &value))
			FUZZ_CHECK((int32_t)value == pid);
	}
	made_error(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct made made = made_kernel(data, bytes);
	struct mmu_tasks_seen seen = { .whole = false };

	if (made.asks & 1)
		made_tasks(&made, 0);
	if (made.asks & 2)
		made_tasks(&made, MMU_TASKS_THREADS);
	if (made.asks & 4)
		for (int32_t pid = 0; pid <= (int32_t)MADE_TASKS; pid++)
			find(&made, pid);
	if (made.asks & 8)
		find(&made, (int32_t)made.value);
	nr_told = 0;
	if (made.asks & 16)
		made_error(mmu_tasks_search(&made.session->memory, made.value & 256,
					    (int32_t)(made.value % MADE_TASKS), take_task, NULL,
					    &seen));
	mmu_error_destroy(seen.missing);
	made_release(&made);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	return made_mutate(data, bytes, max, seed);
}

void fuzz_seeds(fuzz_seed_fn take)
{
	made_seeds(take);
}
