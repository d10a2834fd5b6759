/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Cut a small ELF vmcore with real pages out of a big image: all that its truth asks for. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "kernel/session.h"

/*
 * What is kept: pages that the library reads while it learns the kernel, lists all tasks and looks
 * up VMAs (the image's reader is replaced by one that notes them); the tables on the way to every
 * page of the truth's E rows; all tables of the kernel half; the data of C, N and Q rows. What is
 * cut reads as `filtered`: a segment's p_memsz reaches to the next one of the same RAM. The rows
 * are those of tests/support/truth.c, and N pid vaddr value: a 32-bit int.
 */
#define PAGE_LG2 12u
#define PAGE_BYTES ((uint64_t)1 << PAGE_LG2)
#define FIELDS_MAX 12
#define PIDS_MAX 64

/* Of a segment: a run of pages that are kept, and its share of the memory that is not. */
struct run {
	uint64_t first_pa, file_bytes, memory_bytes;
};

struct cut {
	struct mmu_session *session;
	struct mmu_space *space; /* of pid */
	struct mmu_space *kernel;
	int pid;
	int pids[PIDS_MAX];
	size_t nr_pids;
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

static struct mmu_span noted_span(struct mmu_image *image, uint64_t pa)
{
	if (pages.recording)
		keep(pa);
	return pages.real->span(image, pa);
}

static bool record_from(struct mmu_image *image)
{
	pages.nr_pages = (image->ram[image->nr_ram - 1].last_pa >> PAGE_LG2) + 1;
	pages.bits = calloc(1, pages.nr_pages / 8 + 1);
	pages.real = image->reader;
	pages.wrapper = *image->reader;
	pages.wrapper.span = noted_span;
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

static bool ignore_task(const struct mmu_task *task, const char *problem, void *context)
{
	if (!task)
		complain(context, problem, NULL);
	return true;
}

static bool use_pid(struct cut *cut, int pid)
{
	struct mmu_space_query query = { .by = MMU_SPACE_PID, .value = (uint64_t)pid };
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
	struct mmu_space_query query = { .by = MMU_SPACE_KERNEL };
	struct mmu_space *space;
	struct mmu_info info;
	struct mmu_error *error = mmu_session_tasks(cut->session, true, ignore_task, cut);

	if (!error)
		error = mmu_space_open(cut->session, &query, &cut->kernel);
	mmu_session_info(cut->session, &info);
	query.by = MMU_SPACE_CPU;
	for (; !error && query.value < info.nr_cpu_states; query.value++) {
		error = mmu_space_open(cut->session, &query, &space);
		if (error)
			break;
		keep(mmu_space_regime(space)->root_pa);
		mmu_space_close(space);
	}
	if (error)
		complain(cut, "the kernel", error);
}

struct tables {
	struct mmu_space *space;
	unsigned int level;
};

/* Keep a table and all below it; in the top one only what is the kernel's. */
static bool keep_table(const struct mmu_step *step, void *context)
{
	struct tables *tables = context, below = *tables;
	const struct mmu_format *format = mmu_space_regime(tables->space)->format;
	const struct mmu_level *level = &format->level[step->level];

	keep(step->slot_pa);
	if (step->entry.kind != MMU_KIND_TABLE || is_kept(step->entry.pa) ||
	    (step->level + 1u == format->nr_levels &&
	     step->index < (uint64_t)1 << (level->index_bits - 1)))
		return true;
	keep(step->entry.pa);
	below.level = step->level - 1;
	mmu_table_entries(tables->space, below.level, step->entry.pa, keep_table, &below);
	return true;
}

static void keep_kernel_tables(struct cut *cut)
{
	const struct mmu_regime *regime = mmu_space_regime(cut->kernel);
	struct tables tables = { cut->kernel, regime->format->nr_levels - 1u };

	keep(regime->root_pa);
	mmu_table_entries(cut->kernel, tables.level, regime->root_pa, keep_table, &tables);
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
		mmu_walk(cut->space, va, &walk);
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

		mmu_walk(space, at, &walk);
		keep_tables(&walk);
		if (walk.has_pa)
			keep(walk.pa);
		else
			complain(cut, "a page without content", NULL);
	}
}

static void keep_vma(struct cut *cut, uint64_t first_va, uint64_t last_va)
{
	struct mmu_vma vma;

	pages.recording = true;
	mmu_space_vma(cut->space, first_va, &vma);
	mmu_space_vma(cut->space, last_va, &vma);
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

/* The segments of one RAM range; the first begins where the range does, even without pages. */
static size_t runs_of(const struct mmu_image *image, const struct mmu_pa_range *ram,
		      struct run *out)
{
	uint64_t end = ram->last_pa + 1, pa = ram->first_pa;
	size_t nr = 0;

	while (pa < end) {
		struct run run = { .first_pa = pa };

		while (pa < end && is_kept(pa) &&
		       image->reader->span((struct mmu_image *)image, pa).state == MMU_PAGE_PRESENT)
			pa += PAGE_BYTES;
		run.file_bytes = pa - run.first_pa;
		while (pa < end && !is_kept(pa))
			pa += PAGE_BYTES;
		run.memory_bytes = pa - run.first_pa;
		if (out)
			out[nr] = run;
		nr++;
		if (!run.memory_bytes) /* kept, and not to be had */
			break;
	}
	return nr;
}

static bool put_padding(FILE *file, uint64_t bytes)
{
	for (; bytes; bytes--)
		if (fputc(0, file) == EOF)
			return false;
	return true;
}

static bool put_note(FILE *file, const struct mmu_note *note)
{
	uint32_t name_bytes = (uint32_t)strlen(note->name) + 1;
	Elf64_Nhdr header = { name_bytes, (uint32_t)note->desc.count, note->type };

	return fwrite(&header, sizeof(header), 1, file) == 1 &&
	       fwrite(note->name, name_bytes, 1, file) == 1 &&
	       put_padding(file, -name_bytes & 3u) &&
	       fwrite(note->desc.data, 1, note->desc.count, file) == note->desc.count &&
	       put_padding(file, -note->desc.count & 3u);
}

static uint64_t note_bytes(const struct mmu_image *image)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < image->nr_notes; i++)
		bytes += sizeof(Elf64_Nhdr) + ((strlen(image->notes[i].name) + 4) & ~3ull) +
			 ((image->notes[i].desc.count + 3) & ~3ull);
	return bytes;
}

/* Headers of the image's own class. */
static bool is_32(const struct mmu_image *image)
{
	return image->elf_class == ELFCLASS32;
}

static uint64_t header_bytes(const struct mmu_image *image, size_t nr_segments)
{
	return is_32(image) ? sizeof(Elf32_Ehdr) + nr_segments * sizeof(Elf32_Phdr)
			    : sizeof(Elf64_Ehdr) + nr_segments * sizeof(Elf64_Phdr);
}

static bool put_file_header(FILE *file, const struct mmu_image *image, size_t nr_segments)
{
	Elf64_Ehdr wide = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = image->elf_machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)nr_segments,
	};
	Elf32_Ehdr narrow = { .e_type = wide.e_type,
			      .e_machine = wide.e_machine,
			      .e_version = wide.e_version,
			      .e_phoff = sizeof(Elf32_Ehdr),
			      .e_ehsize = sizeof(Elf32_Ehdr),
			      .e_phentsize = sizeof(Elf32_Phdr),
			      .e_phnum = wide.e_phnum };

	memcpy(narrow.e_ident, wide.e_ident, sizeof(narrow.e_ident));
	narrow.e_ident[EI_CLASS] = ELFCLASS32;
	return is_32(image) ? fwrite(&narrow, sizeof(narrow), 1, file) == 1
			    : fwrite(&wide, sizeof(wide), 1, file) == 1;
}

static bool put_segment(FILE *file, const struct mmu_image *image, const Elf64_Phdr *wide)
{
	Elf32_Phdr narrow = { .p_type = wide->p_type,
			      .p_flags = wide->p_flags,
			      .p_offset = (Elf32_Off)wide->p_offset,
			      .p_paddr = (Elf32_Addr)wide->p_paddr,
			      .p_filesz = (Elf32_Word)wide->p_filesz,
			      .p_memsz = (Elf32_Word)wide->p_memsz };

	if (!is_32(image))
		return fwrite(wide, sizeof(*wide), 1, file) == 1;
	errno = EFBIG; /* unless it fits */
	return !((wide->p_offset | wide->p_paddr | wide->p_memsz) >> 32) &&
	       fwrite(&narrow, sizeof(narrow), 1, file) == 1;
}

static bool put_headers(FILE *file, const struct mmu_image *image, const struct run *runs,
			size_t nr_runs, uint64_t data_offset)
{
	Elf64_Phdr segment = { .p_type = PT_NOTE,
			       .p_offset = header_bytes(image, nr_runs + 1),
			       .p_filesz = note_bytes(image) };
	bool good = put_file_header(file, image, nr_runs + 1) && put_segment(file, image, &segment);

	for (size_t i = 0; i < nr_runs && good; i++) {
		segment = (Elf64_Phdr){ .p_type = PT_LOAD,
					.p_flags = PF_R | PF_W | PF_X,
					.p_offset = data_offset,
					.p_paddr = runs[i].first_pa,
					.p_filesz = runs[i].file_bytes,
					.p_memsz = runs[i].memory_bytes };
		data_offset += runs[i].file_bytes;
		good = put_segment(file, image, &segment);
	}
	for (size_t i = 0; i < image->nr_notes && good; i++)
		good = put_note(file, &image->notes[i]);
	return good;
}

static bool put_page(FILE *file, struct mmu_image *image, uint64_t pa)
{
	uint8_t page[PAGE_BYTES];

	return mmu_image_read(image, pa, page, PAGE_BYTES, NULL) == MMU_PAGE_PRESENT &&
	       fwrite(page, PAGE_BYTES, 1, file) == 1;
}

static bool put_image(FILE *file, struct mmu_image *image, const struct run *runs, size_t nr_runs)
{
	uint64_t head = header_bytes(image, nr_runs + 1) + note_bytes(image);
	uint64_t data = (head + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1), kept = 0;
	bool good = put_headers(file, image, runs, nr_runs, data) && put_padding(file, data - head);

	for (size_t i = 0; i < nr_runs && good; i++)
		for (uint64_t at = 0; at < runs[i].file_bytes && good; at += PAGE_BYTES, kept++)
			good = put_page(file, image, runs[i].first_pa + at);
	if (good)
		printf("%" PRIu64 " pages in %zu segments\n", kept, nr_runs);
	return good;
}

static struct run *make_runs(struct mmu_image *image, size_t *ret_nr)
{
	size_t nr = 0, at = 0;

	for (size_t i = 0; i < image->nr_ram; i++)
		nr += runs_of(image, &image->ram[i], NULL);
	struct run *runs = calloc(nr + 1, sizeof(*runs));
	for (size_t i = 0; i < image->nr_ram && runs; i++)
		at += runs_of(image, &image->ram[i], runs + at);
	*ret_nr = nr;
	return runs;
}

/* The file appears whole or not at all. */
static bool write_image(struct mmu_image *image, const char *path)
{
	size_t nr_runs = 0;
	char *partial = NULL;
	struct run *runs = make_runs(image, &nr_runs);
	bool good = runs && nr_runs < PN_XNUM - 1 && asprintf(&partial, "%s.XXXXXX", path) >= 0;
	int fd = good ? mkstemp(partial) : -1;
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;

	good = file && put_image(file, image, runs, nr_runs) && fchmod(fd, 0644) == 0;
	if (file && fclose(file) != 0)
		good = false;
	if (good)
		good = rename(partial, path) == 0;
	if (!good)
		fprintf(stderr, "cut_image: %s: %s\n", path, strerror(errno));
	if (!good && fd >= 0)
		unlink(partial);
	free(partial);
	free(runs);
	return good;
}

/* ------------------------------------------------------------------ main */

int main(int argc, char **argv)
{
	struct cut cut = { 0 };
	struct mmu_options options = { .image = argc > 5 ? argv[1] : NULL,
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
	struct mmu_image *image = cut.session->image;
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
	bool good = write_image(image, argv[4]) && !cut.problems;
	mmu_space_close(cut.space);
	mmu_space_close(cut.kernel);
	mmu_session_close(cut.session);
	free(pages.bits);
	return good ? 0 : 1;
}
