/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The floor of whole address spaces: one thread, a plain loop that sums the same table pages.
 *
 *     floor_pages IMAGE < ADDRESSES
 *
 * ADDRESSES are the physical addresses of pages of 4 KiB, in hexadecimal, one a line, in the order
 * in which a walker meets them. IMAGE is an ELF vmcore whose pages are summed in place, where the
 * file is mapped, or a kdump-compressed file of makedumpfile on a 64-bit little-endian machine,
 * whose pages are unpacked by zlib's uncompress() or lzo1x_decompress_safe(). Where a page lies is
 * looked up before the clock runs. It uses nothing of mmuscope, so that no change there moves it.
 *
 * Prints one JSON object: first_seconds of the first round, seconds of the best one.
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lzo/lzo1x.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define PAGE 4096u
#define ROUNDS 20u
#define PACKED_ZLIB 1u
#define PACKED_LZO 2u

static const uint8_t *file;
static size_t file_bytes;

struct place {
	uint64_t offset;
	uint32_t bytes, flags;
};

static void fail(const char *why)
{
	fprintf(stderr, "floor_pages: %s\n", why);
	exit(3);
}

static uint64_t word(uint64_t offset, unsigned int bytes)
{
	uint64_t ret = 0;

	if (offset > file_bytes || bytes > file_bytes - offset)
		fail("the file ends too early");
	memcpy(&ret, file + offset, bytes);
	return ret;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct place elf_place(uint64_t pa)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(file + header->e_phoff);

	for (unsigned int i = 0; i < header->e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && pa >= segment->p_paddr &&
		    pa - segment->p_paddr < segment->p_filesz)
			return (struct place){ segment->p_offset + (pa - segment->p_paddr), PAGE,
					       0 };
	fail("a page is not in the image");
	return (struct place){ 0 };
}

/* A page's descriptor has the number of the bits before its own in the second bitmap. */
static struct place kdump_place(uint64_t pa)
{
	static uint64_t *before; /* set bits before each word of the bitmap */
	uint64_t blocks = word(436, 4), bitmap = (1 + word(432, 4)) * PAGE + blocks / 2 * PAGE;
	uint64_t words = blocks / 2 * PAGE / 8, pfn = pa / PAGE;

	if (!before) {
		if (!(before = calloc(words + 1, sizeof(*before))))
			fail("no memory");
		for (uint64_t i = 0; i < words; i++)
			before[i + 1] = before[i] +
					(uint64_t)__builtin_popcountll(word(bitmap + 8 * i, 8));
	}
	if (pfn / 64 >= words)
		fail("a page is beyond the bitmap");
	uint64_t bits = word(bitmap + pfn / 64 * 8, 8);
	if (!(bits >> pfn % 64 & 1))
		fail("a page is not in the image");
	uint64_t rank = before[pfn / 64] +
			(uint64_t)__builtin_popcountll(bits & (((uint64_t)1 << pfn % 64) - 1));
	uint64_t at = bitmap + blocks / 2 * PAGE + rank * 24;
	return (struct place){ word(at, 8), (uint32_t)word(at + 8, 4), (uint32_t)word(at + 12, 4) };
}

static uint64_t sum_of(const uint8_t *page)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < PAGE; i += 8) {
		uint64_t entry;

		memcpy(&entry, page + i, 8);
		sum += entry;
	}
	return sum;
}

static uint64_t sum_page(const struct place *place)
{
	static uint8_t page[PAGE];
	uLongf bytes = PAGE;
	lzo_uint lzo_bytes = PAGE;

	if (place->flags & PACKED_ZLIB) {
		if (uncompress(page, &bytes, file + place->offset, place->bytes) != Z_OK)
			fail("a page does not unpack");
	} else if (place->flags & PACKED_LZO) {
		if (lzo1x_decompress_safe(file + place->offset, place->bytes, page, &lzo_bytes,
					  NULL) != LZO_E_OK)
			fail("a page does not unpack");
	} else {
		return sum_of(file + place->offset);
	}
	return sum_of(page);
}

int main(int argc, char **argv)
{
	struct place *places = NULL;
	size_t nr = 0;
	uint64_t pa, sum = 0;
	double first = 0, best = 0;
	struct stat status;

	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	if (fd < 0 || fstat(fd, &status))
		fail("usage: floor_pages IMAGE < ADDRESSES");
	file_bytes = (size_t)status.st_size;
	file = mmap(NULL, file_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED || file_bytes < PAGE)
		fail("can't be mapped");
	bool elf = memcmp(file, ELFMAG, SELFMAG) == 0;
	if (!elf && memcmp(file, "KDUMP   ", 8) != 0)
		fail("neither an ELF vmcore nor a kdump-compressed file");
	while (scanf("%" SCNx64, &pa) == 1) {
		if (!(nr & (nr - 1)) &&
		    !(places = reallocarray(places, nr ? 2 * nr : 1, sizeof(*places))))
			fail("no memory");
		places[nr] = elf ? elf_place(pa) : kdump_place(pa);
		if (places[nr].offset > file_bytes ||
		    places[nr].bytes > file_bytes - places[nr].offset)
			fail("a page lies beyond the file");
		nr++;
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		double start = now();

		for (size_t i = 0; i < nr; i++)
			sum += sum_page(&places[i]);
		double seconds = now() - start;
		if (!round)
			first = seconds;
		if (!round || seconds < best)
			best = seconds;
	}
	printf("{\"pages\": %zu, \"sum\": \"0x%" PRIx64 "\", \"first_seconds\": %.9f, \"seconds\": "
	       "%.9f}\n",
	       nr, sum, first, best);
	return 0;
}
