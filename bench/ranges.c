/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A space as a map merges it, all its ranges and all its leaves, beside the least that can be:
 * ranges IMAGE VMLINUX PID, or, without a kernel, ranges IMAGE FORMAT=ROOT.
 *
 * The floor is a plain loop in this program over its own mapping of the file, which sums the same
 * table pages in the same order. It shares nothing with the library: no later change can slow it
 * down. IMAGE is an ELF file of a little-endian machine with tables of one page.
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS 25u
#define PAGE 4096u

static const uint8_t *file;
static uint64_t file_bytes;

static void map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		exit(3);
	file_bytes = (uint64_t)status.st_size;
	file = mmap(NULL, file_bytes, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		exit(3);
}

/* Where the page lies in the file; NULL: nowhere. */
static const uint8_t *page_at(uint64_t pa)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Phdr *load = (const Elf64_Phdr *)(file + header->e_phoff);

	for (unsigned int i = 0; i < header->e_phnum; i++)
		if (load[i].p_type == PT_LOAD && pa >= load[i].p_paddr &&
		    pa - load[i].p_paddr + PAGE <= load[i].p_filesz)
			return file + load[i].p_offset + (pa - load[i].p_paddr);
	return NULL;
}

static uint64_t sum_pages(const uint8_t *const *pages, size_t nr)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < nr; i++)
		for (size_t at = 0; at < PAGE; at += sizeof(uint64_t)) {
			uint64_t word;

			memcpy(&word, pages[i] + at, sizeof(word));
			sum += word;
		}
	return sum;
}

struct totals {
	uint64_t ranges, bytes, pages, runs;
};

static void need(struct mmu_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "bench: %s\n", mmu_error_message(error));
	exit(3);
}

static struct totals all_rows(struct mmu_space *space, const struct mmu_part *part)
{
	const struct mmu_map_query query = { sizeof(query), part, MMU_MAP_FLAT };
	struct totals ret = { 0, 0, 0, 0 };
	const struct mmu_error *problem;
	const struct mmu_map_row *row;
	struct mmu_map *map;

	need(mmu_map_open(space, &query, &map));
	for (need(mmu_map_next(map, &row, &problem)); row;
	     need(mmu_map_next(map, &row, &problem))) {
		ret.ranges++;
		ret.bytes += row->range.last_va - row->range.first_va + 1;
		ret.pages += row->pages;
		ret.runs += row->runs;
	}
	mmu_map_close(map);
	return ret;
}

static struct totals all_ranges(struct mmu_space *space, const struct mmu_part *part)
{
	struct totals ret = { 0, 0, 0, 0 };
	const struct mmu_range *range;
	struct mmu_ranges *ranges;

	need(mmu_ranges_open(space, part, &ranges));
	for (need(mmu_ranges_next(ranges, &range)); range; need(mmu_ranges_next(ranges, &range))) {
		ret.ranges++;
		ret.bytes += range->last_va - range->first_va + 1;
		if (range->page_bytes)
			ret.pages += (range->last_va - range->first_va) / range->page_bytes + 1;
	}
	mmu_ranges_close(ranges);
	return ret;
}

static struct totals all_leaves(struct mmu_space *space, const struct mmu_part *part)
{
	struct totals ret = { 0, 0, 0, 0 };
	const struct mmu_walk *walk;
	struct mmu_leaves *leaves;
	uint64_t last_va;

	need(mmu_leaves_open(space, part, &leaves));
	for (need(mmu_leaves_next(leaves, &walk, &last_va)); walk;
	     need(mmu_leaves_next(leaves, &walk, &last_va))) {
		ret.pages++;
		ret.bytes += last_va - mmu_walk_get(walk)->va + 1;
	}
	mmu_leaves_close(leaves);
	return ret;
}

static void open_root(struct bench *bench, const char *image, char *format)
{
	const struct mmu_options options = { .size = sizeof(options), .image = image };
	struct mmu_space_query query = { .size = sizeof(query),
					 .by = MMU_SPACE_PGD,
					 .format = format };
	char *root = strchr(format, '=');

	if (!root)
		exit(2);
	*root++ = '\0';
	query.value = strtoull(root, NULL, 0);
	*bench = (struct bench){ 0 };
	need(mmu_session_open(&options, &bench->session));
	need(mmu_space_open(bench->session, &query, &bench->space));
	need(mmu_walk_create(&bench->walk));
}

static double least(double best, double start)
{
	double took = bench_cpu_now() - start;

	return best == 0 || took < best ? took : best;
}

int main(int argc, char **argv)
{
	struct mmu_part part = { .size = sizeof(part) };
	double floor_s = 0, map_s = 0, ranges_s = 0, leaves_s = 0, first_s = 0;
	struct totals rows = { 0 }, ranges = { 0 }, leaves = { 0 };
	struct bench bench;
	uint64_t sum = 0;
	size_t nr = 0;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: ranges IMAGE VMLINUX PID, or ranges IMAGE FORMAT=ROOT\n");
		return 2;
	}
	if (argc == 4)
		bench_open(&bench, argv[1], argv[2], argv[3]);
	else
		open_root(&bench, argv[1], argv[2]);
	map_file(argv[1]);
	mmu_space_extent(bench.space, &part.first_va, &part.last_va);
	first_s = bench_cpu_now();
	all_rows(bench.space, &part);
	first_s = bench_cpu_now() - first_s;
	bench.tables_only = true;
	bench_visit(&bench, true);
	const uint8_t **pages = bench_alloc(bench.nr_tables, sizeof(*pages));
	for (size_t i = 0; i < bench.nr_tables; i++)
		if ((pages[nr] = page_at(bench.tables[i].pa)))
			nr++;
	unsigned int rounds = nr > 100000 ? 3 : ROUNDS;
	for (unsigned int round = 0; round < rounds; round++) {
		double start = bench_cpu_now();

		sum += sum_pages(pages, nr);
		floor_s = least(floor_s, start);
		start = bench_cpu_now();
		rows = all_rows(bench.space, &part);
		map_s = least(map_s, start);
		start = bench_cpu_now();
		ranges = all_ranges(bench.space, &part);
		ranges_s = least(ranges_s, start);
		if (nr > 100000)
			continue;
		start = bench_cpu_now();
		leaves = all_leaves(bench.space, &part);
		leaves_s = least(leaves_s, start);
	}
	if (rows.pages != ranges.pages || rows.bytes != ranges.bytes || rows.runs != ranges.ranges)
		exit(3);
	printf("{\"tables\": %zu, \"rows\": %" PRIu64 ", \"ranges\": %" PRIu64
	       ", \"pages\": %" PRIu64 ", \"leaves\": %" PRIu64 ", \"floor_seconds\": %.9f, "
	       "\"map_seconds\": %.9f, \"range_seconds\": %.9f, \"leaf_seconds\": %.9f, "
	       "\"first_seconds\": %.9f, \"times_floor\": %.2f, \"ns_per_page\": %.3f, "
	       "\"sum\": \"0x%" PRIx64 "\"}\n",
	       nr, rows.ranges, ranges.ranges, rows.pages, leaves.pages, floor_s, map_s, ranges_s,
	       leaves_s, first_s, map_s / floor_s, map_s * 1e9 / (double)(rows.pages + !rows.pages),
	       sum);
	free(pages);
	bench_close(&bench);
	return 0;
}
