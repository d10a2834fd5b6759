/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope extract: a small vmcore for a bug report. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define MANY 1024
#define REPORT_BYTES 4096 /* of keys and numbers in JSON, and more */

struct extract {
	const char *image, *out;
	int32_t pids[MANY];
	struct mmu_extract_pages pages[MANY];
	const struct mmu_extract_pages *page_list[MANY + 1];
	size_t nr_pages;
	struct mmu_extract_options options;
};

enum { KEY_PID = 0x100, KEY_WITH_PAGES };

static const struct argp_option options[] = {
	{ "pid", KEY_PID, "PID", 0,
	  "Page tables, VMAs and struct pages of this process only; repeatable", 1 },
	{ "with-pages", KEY_WITH_PAGES, "PID:FIRST[-LAST]", 0,
	  "Also the pages that a process has at these addresses; repeatable", 1 },
	{ 0 },
};

static int32_t parse_pid(const char *text, struct argp_state *state)
{
	uint64_t pid;

	if (!tool_number(text, &pid) || pid > INT32_MAX)
		argp_error(state, "'%s' is no pid", text);
	return (int32_t)pid;
}

/* PID:FIRST[-LAST] */
static void parse_pages(struct extract *extract, const char *text, struct argp_state *state)
{
	struct mmu_extract_pages *pages = &extract->pages[extract->nr_pages];
	char *copy = strdupa(text), *first = strchr(copy, ':');
	char *last = first ? strchr(first, '-') : NULL;

	if (extract->nr_pages == MANY)
		argp_error(state, "too many --with-pages");
	if (first)
		*first++ = '\0';
	if (last)
		*last++ = '\0';
	if (!first || !tool_hex(first, &pages->first_va) ||
	    !tool_hex(last ? last : first, &pages->last_va) || pages->last_va < pages->first_va)
		argp_error(state, "--with-pages %s: not PID:FIRST[-LAST]", text);
	else
		pages->pid = parse_pid(copy, state);
	pages->size = sizeof(*pages);
	extract->page_list[extract->nr_pages++] = pages;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct extract *extract = state->input;

	switch (key) {
	case KEY_PID:
		if (extract->options.nr_pids == MANY)
			argp_error(state, "too many --pid");
		extract->pids[extract->options.nr_pids++] = parse_pid(arg, state);
		return 0;
	case KEY_WITH_PAGES:
		parse_pages(extract, arg, state);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_error(state, "one image and one file to write");
		*(state->arg_num ? &extract->out : &extract->image) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!extract->out)
			argp_error(state,
				   extract->image ? "no file to write given" : "no image given");
		if (strcmp(extract->out, "-") == 0)
			argp_error(state, "a vmcore can't be written to standard output");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What may fail for want of memory is done before there is a file. */
static void begin_json(const struct extract *extract)
{
	json_begin("extract");
	json_string("file", extract->out);
	json_reserve(REPORT_BYTES);
}

static void show_json(const struct extract *extract, const struct mmu_extract *written)
{
	const struct mmu_extract_info *result = mmu_extract_get(written);

	json_number("file_bytes", (int64_t)result->file_bytes);
	json_number("segments", (int64_t)result->segments);
	json_object("bytes");
	json_number("page_tables", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_TABLES));
	json_number("tasks", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_TASKS));
	json_number("vmas", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_VMAS));
	json_number("per_cpu_data", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_PERCPU));
	json_number("kernel_data", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_KERNEL));
	json_number("struct_pages", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_MEMMAP));
	json_number("chosen_pages", (int64_t)mmu_extract_bytes(written, MMU_EXTRACT_CHOSEN));
	json_number("notes", (int64_t)result->note_bytes);
	json_object_end();
	json_number("missing_bytes", (int64_t)result->missing_bytes);
	json_number("tasks", (int64_t)result->tasks);
	json_number("spaces", (int64_t)result->spaces);
	json_number("problems", (int64_t)result->problems);
	json_number("ranges_without_pages", (int64_t)result->ranges_without_pages);
	json_bool("struct_pages_found", result->has_memmap);
	json_end();
}

static void show_text(const struct extract *extract, const struct mmu_extract *written)
{
	const struct mmu_extract_info *result = mmu_extract_get(written);
	static const char *const about[] = {
		[MMU_EXTRACT_TABLES] = "the kernel's and those of the processes",
		[MMU_EXTRACT_TASKS] = "and their mms, without registers of user mode",
		[MMU_EXTRACT_VMAS] = "with the names of their files",
		[MMU_EXTRACT_PERCPU] = "static variables of each CPU",
		[MMU_EXTRACT_KERNEL] = "static variables, BTF, kallsyms, the kernel's log",
		[MMU_EXTRACT_MEMMAP] = "of the tables and of mapped pages",
		[MMU_EXTRACT_CHOSEN] = "user data, as was asked for",
	};

	for (unsigned int kind = 0; kind < sizeof(about) / sizeof(about[0]); kind++)
		if (extract->nr_pages || kind != MMU_EXTRACT_CHOSEN)
			printf("%-13s %10" PRIu64 " KiB  %s\n", mmu_extract_kind_name(kind),
			       (mmu_extract_bytes(written, kind) + 1023) / 1024, about[kind]);
	printf("%-13s %10" PRIu64 " KiB  VMCOREINFO, and the registers of the CPUs if the image "
	       "has them\n",
	       "notes", (result->note_bytes + 1023) / 1024);
	printf("%s: %" PRIu64 " KiB, %" PRIu64 " tasks, tables of %" PRIu64 " address space%s\n",
	       tool_safe(extract->out), result->file_bytes / 1024, result->tasks, result->spaces,
	       result->spaces == 1 ? "" : "s");
}

/* @return whether anything was missing */
static bool warn(const struct mmu_extract_info *result)
{
	bool whole = !result->missing_bytes && !result->problems && result->has_memmap &&
		     !result->ranges_without_pages;

	fflush(stdout);
	if (result->missing_bytes)
		fprintf(stderr,
			"mmuscope: warning: the image itself lacks %" PRIu64 " KiB that belong in "
			"the extract\n",
			(result->missing_bytes + 1023) / 1024);
	if (result->problems)
		fprintf(stderr,
			"mmuscope: warning: %" PRIu64 " tasks, spaces or trees of VMAs are "
			"incomplete in the image, or damaged\n",
			result->problems);
	if (result->ranges_without_pages)
		fprintf(stderr,
			"mmuscope: warning: nothing is mapped in %" PRIu64 " of the ranges of "
			"--with-pages\n",
			result->ranges_without_pages);
	if (!result->has_memmap)
		fprintf(stderr, "mmuscope: warning: the place of the struct pages is not known: "
				"the extract has none, and its kernel data may include pages that "
				"the kernel has freed\n");
	return !whole;
}

int tool_extract(struct tool *tool, int argc, char **argv)
{
	struct extract extract = { .options = { .size = sizeof(extract.options) } };
	struct mmu_extract *written;

	extract.options.pids = extract.pids;
	extract.options.pages = extract.page_list;
	tool_parse(tool, argc, argv, options, parse, "IMAGE FILE",
		   "Write a small ELF vmcore that holds what work with page tables needs: tables, "
		   "tasks, VMAs, struct pages and the kernel's static data; user data only where "
		   "it is asked for. All tasks stay listed, whatever --pid says.",
		   &extract, NULL);
	tool->output = extract.out;
	int status = tool_output_check(extract.out);
	if (!status)
		status = tool_open(tool, extract.image);
	if (status)
		return status;
	struct mmu_error *error = mmu_session_learn(tool->session);
	if (!error && tool_seal(tool))
		return TOOL_UNUSABLE;
	if (!error && tool->json)
		begin_json(&extract);
	if (!error)
		error = mmu_session_extract(tool->session, &extract.options, extract.out, &written);
	if (error)
		return tool_fail(tool, error);
	if (tool->json)
		show_json(&extract, written);
	else
		show_text(&extract, written);
	status = warn(mmu_extract_get(written)) ? TOOL_ANSWERED : TOOL_OK;
	mmu_extract_destroy(written);
	return status;
}
