/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Cut a small ELF vmcore with real pages out of a big image: all that its truth asks for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/extract.h"
#include "image/elfwrite.h"
#include "api/session.h"
#include "objects/tasks.h"
#include "walk/table.h"

/*
 * What is kept: pages that the library reads while it learns the kernel, lists all tasks and looks
 * up VMAs (the image's reader is replaced by one that notes them); the tables on the way to every
 * page of the truth's E rows; all tables of the kernel half; the data of C, N and Q rows. The rows
 * are those of tests/support/truth.c, and N pid vaddr value: a 32-bit int.
 */
#define PAGE_LG2 12u
#define PAGE_BYTES ((uint64_t)1 << PAGE_LG2)
#define FIELDS_MAX 12
#define PIDS_MAX 64

struct cut {
	struct mmu_session *session;
	struct mmu_space *space; /* of pid */
	struct mmu_space *kernel;
	int pid;
	int pids[PIDS_MAX];
	size_t nr_pids;
	struct mmu_set tables;
	uint64_t problems;
};

/* ------------------------------------------------------------------ the pages */

/* One bit a page; for the reader's wrapper, which knows no context. */
static struct {
	uint8_t *bits;
	uint64_t nr_pages;
	const struct mmu_image_reader *real;
	struct mmu_image_reader wrapper;
	bool recording;
} pages;

static bool is_kept(uint64_t pa)
{
	uint64_t page = pa >> PAGE_LG2;

	return page < pages.nr_pages && pages.bits[page / 8] >> page % 8 & 1;
}

static void keep(uint64_t pa)
{
	uint64_t page = pa >> PAGE_LG2;

	if (page < pages.nr_pages)
		pages.bits[page / 8] |= (uint8_t)(1u << page % 8);
}

static struct mmu_span noted_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				  uint64_t pa)
{
	if (pages.recording)
		keep(pa);
	return pages.real->span(image, cursor, pa);
}

static bool record_from(struct mmu_image *image)
{
	pages.nr_pages = (image->ram[image->nr_ram - 1].last_pa >> PAGE_LG2) + 1;
	pages.bits = calloc(1, pages.nr_pages / 8 + 1);
	pages.real = image->reader;
	pages.wrapper = *image->reader;
	pages.wrapper.span = noted_span;
	pages.wrapper.state = NULL; /* a page whose state was asked for is needed too */
	image->reader = &pages.wrapper;
	pages.recording = true;
	return pages.bits;
}

static void keep_tables(const struct mmu_walk *walk)
{
	for (unsigned int i = 0; i < walk->nr_steps; i++)
		keep(walk->steps[i].slot_pa);
}

static void complain(struct cut *cut, const char *what, struct mmu_error *error)
{
	cut->problems++;
	fprintf(stderr, "cut_image: %s: %s\n", what, error ? mmu_error_message(error) : "failed");
	mmu_error_destroy(error);
}

/* ------------------------------------------------------------------ what the library reads */

static bool ignore_task(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	if (!task)
		complain(context, mmu_error_message(problem), NULL);
	return true;
}

static bool use_pid(struct cut *cut, int pid)
{
	struct mmu_space_query query = { .size = sizeof(query),
					 .by = MMU_SPACE_PID,
					 .value = (uint64_t)pid };
	struct mmu_error *error = NULL;
	bool recording = pages.recording;

	if (cut->space && cut->pid == pid)
		return true;
	mmu_space_close(cut->space);
	cut->space = NULL;
	cut->pid = pid;
	pages.recording = true;
	error = mmu_space_open(cut->session, &query, &cut->space);
	pages.recording = recording;
	if (error)
		complain(cut, "a pid", error);
	return cut->space;
}

/* The kernel, all its tasks, and what the CPUs run on. */
static void keep_kernel(struct cut *cut)
{
	struct mmu_space_query query = { .size = sizeof(query), .by = MMU_SPACE_KERNEL };
	struct mmu_space *space;
	struct mmu_error *error = mmu_session_learn(cut->session);

	if (!error)
		error = mmu_tasks_visit(&cut->session->memory, true, ignore_task, cut);
	if (!error)
		error = mmu_space_open(cut->session, &query, &cut->kernel);
	uint32_t nr_cpu_states = mmu_session_info(cut->session)->nr_cpu_states;
	query.by = MMU_SPACE_CPU;
	for (; !error && query.value < nr_cpu_states; query.value++) {
		error = mmu_space_open(cut->session, &query, &space);
		if (error)
			break;
		keep(mmu_space_regime(space, 0)->root_pa);
		mmu_space_close(space);
	}
	if (error)
		complain(cut, "the kernel", error);
}

struct tables {
	struct cut *cut;
	struct mmu_space *space;
	unsigned int level;
};

/* Keep a table and all below it; of the top one only the kernel's half. */
static bool keep_table(const struct mmu_step *step, void *context)
{
	struct tables *tables = context, below = *tables;
	const struct mmu_regime *regime = mmu_space_regime(tables->space, 0);
	const struct mmu_shape *shape = &regime->shape[step->level];

	keep(step->slot_pa);
	if (step->entry.kind != MMU_KIND_TABLE ||
	    (step->level == regime->top_level && step->index < (uint64_t)1
								       << (shape->index_bits - 1)))
		return true;
	/* what learning has read is kept already, and nothing below it */
	int added = mmu_set_add(&tables->cut->tables,
				mmu_table_key(step->level - 1u, step->entry.pa));
	if (added <= 0) {
		if (added < 0)
			complain(tables->cut, "tables", mmu_error_no_memory());
		return true;
	}
	keep(step->entry.pa);
	below.level = step->level - 1;
	mmu_walker_table(&tables->space->walker, regime, below.level, step->entry.pa, keep_table,
			 &below);
	return true;
}

static void keep_kernel_tables(struct cut *cut)
{
	const struct mmu_regime *regime = mmu_space_regime(cut->kernel, 0);
	struct tables tables = { cut, cut->kernel, regime->top_level };

	keep(regime->root_pa);
	mmu_walker_table(&cut->kernel->walker, regime, tables.level, regime->root_pa, keep_table,
			 &tables);
}

/* ------------------------------------------------------------------ what the truth asks for */

static bool is_chosen(const struct cut *cut, int pid)
{
	for (size_t i = 0; i < cut->nr_pids; i++)
		if (cut->pids[i] == pid)
			return true;
	return false;
}

/* All tables on the way to a range; of a hole larger than a page, only its first address. */
static void keep_range(struct cut *cut, uint64_t va, uint64_t bytes)
{
	uint64_t end = va + bytes;
	struct mmu_walk walk;

	while (va < end) {
		mmu_space_walk(cut->space, va, &walk);
		keep_tables(&walk);
		uint64_t next = (va | ((walk.page_bytes ? walk.page_bytes : PAGE_BYTES) - 1)) + 1;

		if (next <= va)
			return;
		va = next;
	}
}

static void keep_content(struct cut *cut, struct mmu_space *space, uint64_t va, uint64_t bytes)
{
	for (uint64_t at = va; at < va + bytes; at = (at | (PAGE_BYTES - 1)) + 1) {
		struct mmu_walk walk;

		mmu_space_walk(space, at, &walk);
		keep_tables(&walk);
		if (walk.has_pa)
			keep(walk.pa);
		else
			complain(cut, "a page without content", NULL);
	}
}

static void keep_vma(struct cut *cut, uint64_t first_va, uint64_t last_va)
{
	const struct mmu_vma_info *vma;

	pages.recording = true;
	mmu_error_destroy(mmu_space_vma(cut->space, first_va, &vma));
	mmu_error_destroy(mmu_space_vma(cut->space, last_va, &vma));
	pages.recording = false;
}

static void keep_row(struct cut *cut, char **field, int count)
{
	uint64_t number[FIELDS_MAX] = { 0 };
	char kind = field[0][0];

	if (field[0][1] || count < 4)
		return;
	for (int i = 1; i < count; i++)
		number[i] = strtoull(field[i], NULL, 0);
	if (kind == 'Q') {
		keep_content(cut, cut->kernel, number[2], 8);
		return;
	}
	/* a label is of interest in every space that is forked from the one that made it */
	for (size_t i = 0; kind == 'L' && number[4] && i < cut->nr_pids; i++) {
		if (!use_pid(cut, cut->pids[i]))
			continue;
		keep_range(cut, number[3], number[4]);
		keep_vma(cut, number[3], number[3] + number[4] - 1);
	}
	if (kind == 'L' || !is_chosen(cut, (int)number[1]) || number[2] >> 63 ||
	    !use_pid(cut, (int)number[1]))
		return;
	if (kind == 'E')
		keep_range(cut, number[2], number[3] * PAGE_BYTES);
	else if (kind == 'V')
		keep_vma(cut, number[2], number[3] - 1);
	else if (kind == 'C')
		keep_content(cut, cut->space, number[2], PAGE_BYTES);
	else if (kind == 'N')
		keep_content(cut, cut->space, number[2], 4);
}

static void keep_truth(struct cut *cut, FILE *file)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		char *field[FIELDS_MAX], *at = line;
		int count = 0;

		line[strcspn(line, "\n")] = '\0';
		while (at && count < FIELDS_MAX) {
			field[count++] = at;
			at = strchr(at, '\t');
			if (at)
				*at++ = '\0';
		}
		keep_row(cut, field, count);
	}
	free(line);
}

/* ------------------------------------------------------------------ writing */

/* What is kept and to be had, as ranges. */
static struct mmu_pa_range *kept_ranges(struct mmu_cursor *cursor, size_t *ret_nr)
{
	struct mmu_pa_range *list = calloc(pages.nr_pages + 1, sizeof(*list));
	size_t nr = 0;

	for (uint64_t page = 0; list && page < pages.nr_pages; page++) {
		uint64_t pa = page << PAGE_LG2;

		if (!is_kept(pa) || mmu_image_span(cursor, pa).state != MMU_PAGE_PRESENT)
			continue;
		if (nr && list[nr - 1].last_pa + 1 == pa)
			list[nr - 1].last_pa += PAGE_BYTES;
		else
			list[nr++] = (struct mmu_pa_range){ pa, pa + PAGE_BYTES - 1 };
	}
	*ret_nr = nr;
	return list;
}

static bool write_image(struct mmu_cursor *cursor, const char *path)
{
	const struct mmu_image *image = cursor->image;
	struct mmu_elf_output output = { .elf_machine = image->elf_machine,
					 .elf_class = image->elf_class };
	struct mmu_elf_written written;
	struct mmu_pa_range *kept = kept_ranges(cursor, &output.nr_kept);

	output.kept = kept;
	struct mmu_error *error = kept ? mmu_elf_write(cursor, &output, path, &written)
				       : mmu_error_no_memory();
	if (error)
		fprintf(stderr, "cut_image: %s\n", mmu_error_message(error));
	else
		printf("%" PRIu64 " bytes in %" PRIu64 " segments\n", written.file_bytes,
		       written.segments);
	free(kept);
	bool good = !error;
	mmu_error_destroy(error);
	return good;
}

/* ------------------------------------------------------------------ main */

int main(int argc, char **argv)
{
	struct cut cut = { 0 };
	struct mmu_options options = { .size = sizeof(options),
				       .image = argc > 5 ? argv[1] : NULL,
				       .vmlinux = argc > 5 ? argv[2] : NULL };

	if (argc <= 5) {
		fprintf(stderr, "usage: %s IMAGE VMLINUX TRUTH OUT PID...\n", argv[0]);
		return 2;
	}
	for (int i = 5; i < argc && cut.nr_pids < PIDS_MAX; i++)
		cut.pids[cut.nr_pids++] = atoi(argv[i]);
	FILE *truth = fopen(argv[3], "r");
	struct mmu_error *error = truth ? mmu_session_open(&options, &cut.session) : NULL;
	if (!truth || error) {
		fprintf(stderr, "cut_image: %s\n",
			error ? mmu_error_message(error) : "can't open the truth");
		return 3;
	}
	struct mmu_image *image = cut.session->kernel.image;
	mmu_error_destroy(mmu_image_survey(image));
	if (image->big_endian || image->page_bytes != PAGE_BYTES || !image->nr_ram ||
	    !record_from(image)) {
		fprintf(stderr, "cut_image: only for little-endian images of 4 KiB pages\n");
		return 3;
	}
	keep_kernel(&cut);
	pages.recording = false;
	if (!cut.kernel)
		return 3;
	keep_kernel_tables(&cut);
	keep_truth(&cut, truth);
	fclose(truth);
	image->reader = pages.real;
	bool good = write_image(&cut.session->memory.cursor, argv[4]) && !cut.problems;
	mmu_space_close(cut.space);
	mmu_space_close(cut.kernel);
	mmu_session_close(cut.session);
	mmu_set_destroy(&cut.tables);
	free(pages.bits);
	return good ? 0 : 1;
}
