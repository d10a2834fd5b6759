/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope ps --cross: the tasks that one list of the kernel has and another lacks. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ps.h"

#define WAYS_TEXT_MAX 96

/* The names of some ways. @return ret */
static const char *ways_text(uint32_t ways, char ret[WAYS_TEXT_MAX])
{
	size_t at = 0;
	const char *name;

	ret[0] = '\0';
	for (unsigned int way = 0; (name = mmu_task_way_name((enum mmu_task_way)way)); way++)
		if (ways & (1u << way) && at < WAYS_TEXT_MAX)
			at += (size_t)snprintf(ret + at, WAYS_TEXT_MAX - at, "%s%s", at ? ", " : "",
					       name);
	return ret;
}

static void ways_json(const char *key, uint32_t ways)
{
	const char *name;

	json_array(key);
	for (unsigned int way = 0; (name = mmu_task_way_name((enum mmu_task_way)way)); way++)
		if (ways & (1u << way))
			json_string(NULL, name);
	json_array_end();
}

static void task_json(const struct mmu_cross_task *found)
{
	const char state[2] = { found->task.state };

	json_begin("ps_cross");
	json_number("pid", found->task.pid);
	json_number("tgid", found->task.tgid);
	json_string("comm", found->task.comm);
	if (found->task.state)
		json_string("state", state);
	json_hex("task", found->task.task_va);
	ways_json("known_by", found->known_by);
	ways_json("lacked_by", found->lacked_by);
	json_end();
}

static void task_tsv(const struct mmu_cross_task *found)
{
	const char state[2] = { found->task.state };
	char ways[WAYS_TEXT_MAX];

	tsv_number(true, found->task.pid);
	tsv_number(true, found->task.tgid);
	tsv_text(found->task.comm);
	tsv_text(state);
	tsv_hex(true, found->task.task_va);
	tsv_text(ways_text(found->known_by, ways));
	tsv_text(ways_text(found->lacked_by, ways));
	tsv_end();
}

static void task_text(const struct mmu_cross_task *found)
{
	char known[WAYS_TEXT_MAX], lacked[WAYS_TEXT_MAX];

	printf("pid %d", found->task.pid);
	if (!found->task.leader)
		printf(", a thread of %d", found->task.tgid);
	printf(" (%s), task_struct 0x%" PRIx64 ": missing in: %s; known by: %s\n",
	       tool_safe(found->task.comm), found->task.task_va,
	       ways_text(found->lacked_by, lacked), ways_text(found->known_by, known));
}

/* Which ways were gone, and why not the others. */
static void summary_json(const struct mmu_cross *cross, uint64_t nr, uint32_t whole)
{
	json_begin("ps_cross_summary");
	json_number("tasks", (int64_t)mmu_cross_tasks(cross));
	json_number("missing", (int64_t)nr);
	ways_json("compared", whole);
	json_array("not_compared");
	for (unsigned int way = 0; mmu_task_way_name((enum mmu_task_way)way); way++) {
		const struct mmu_error *why = mmu_cross_why_not(cross, (enum mmu_task_way)way);

		if (!why)
			continue;
		json_object(NULL);
		json_string("way", mmu_task_way_name((enum mmu_task_way)way));
		json_string("why", mmu_error_message(why));
		json_object_end();
	}
	json_array_end();
	json_end();
}

static void summary_text(const struct mmu_cross *cross, uint64_t nr, uint32_t whole)
{
	char ways[WAYS_TEXT_MAX];

	printf("%" PRIu64 " tasks, %" PRIu64 " missing somewhere; compared: %s\n",
	       mmu_cross_tasks(cross), nr, ways_text(whole, ways));
}

/* A way that can't be gone is one that nothing can be hidden from: it must be said. */
static void warn_not_compared(const struct tool *tool, const struct mmu_cross *cross)
{
	fflush(stdout);
	for (unsigned int way = 0; mmu_task_way_name((enum mmu_task_way)way); way++) {
		const struct mmu_error *why = mmu_cross_why_not(cross, (enum mmu_task_way)way);

		if (why)
			fprintf(stderr, "mmuscope: %s is not compared: %s\n",
				mmu_task_way_name((enum mmu_task_way)way), tool_message(tool, why));
	}
}

static uint32_t whole_ways(const struct mmu_cross *cross)
{
	uint32_t whole = 0;

	for (unsigned int way = 0; mmu_task_way_name((enum mmu_task_way)way); way++)
		if (!mmu_cross_why_not(cross, (enum mmu_task_way)way))
			whole |= 1u << way;
	return whole;
}

int tool_ps_cross(struct tool *tool)
{
	const struct mmu_cross_task *found;
	struct mmu_cross *cross;
	uint64_t nr = 0;
	struct mmu_error *error = mmu_cross_open(tool->session, NULL, &cross);

	if (error)
		return tool_fail(tool, error);
	/* why a way was not gone to its end would then be told once for each */
	if (tool_check_image(tool, TOOL_OK)) {
		mmu_cross_close(cross);
		return TOOL_UNUSABLE;
	}
	uint32_t whole = whole_ways(cross);
	/* what is not known to be all can't be told clean: two lists at least must agree */
	bool compared = whole & 1u << MMU_TASK_WAY_LIST &&
			whole & (1u << MMU_TASK_WAY_PIDS | 1u << MMU_TASK_WAY_CHILDREN);
	if (tool->tsv)
		tsv_header("pid tgid comm state task: known_by lacked_by");
	for (; (found = mmu_cross_next(cross)); nr++) {
		if (tool->json)
			task_json(found);
		else if (tool->tsv)
			task_tsv(found);
		else
			task_text(found);
	}
	if (tool->json)
		summary_json(cross, nr, whole);
	else if (!tool->tsv)
		summary_text(cross, nr, whole);
	if (!tool->json)
		warn_not_compared(tool, cross);
	mmu_cross_close(cross);
	return nr || !compared ? TOOL_ANSWERED : TOOL_OK;
}
