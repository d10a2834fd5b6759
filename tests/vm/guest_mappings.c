/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Mappings of every kind: what the walks are held to. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
/* newer than the headers that this is built with */
#define FEATURE_WP_SHMEM (1ull << 12)
#define FEATURE_WP_UNPOPULATED (1ull << 13)
#define FEATURE_POISON (1ull << 14)
struct poison {
	struct uffdio_range range;
	uint64_t mode, updated;
};
#define IOCTL_POISON _IOWR(UFFDIO, 0x08, struct poison)

int rows = -1;
char last_label[32];

/* ------------------------------------------------------------------------------- rows */

void label(const char *name, const volatile void *at, uint64_t bytes, const char *format, ...)
{
	char note[160];
	va_list args;

	va_start(args, format);
	vsnprintf(note, sizeof(note), format, args);
	va_end(args);
	snprintf(last_label, sizeof(last_label), "%s", name);
	dprintf(rows, "L\t%s\t%d\t0x%lx\t0x%llx\t%s\n", name, getpid(), (unsigned long)at,
		(unsigned long long)bytes, note);
}

void failed(const char *name)
{
	label(name, NULL, 0, "FAILED: %s", strerror(errno));
}

uint64_t pagemap_word(const void *at)
{
	uint64_t word = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (pread(fd, &word, 8, (off_t)((unsigned long)at / page_bytes * 8)) != 8)
		word = 0;
	close(fd);
	return word;
}

/* Whether a huge page is in the mapping that begins here. */
static bool is_huge(const char *at)
{
	char line[512];
	unsigned long start = 0, end, kib = 0;
	bool inside = false;
	FILE *in = fopen("/proc/self/smaps", "re");

	while (in && !kib && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start == (unsigned long)at;
		else if (inside)
			sscanf(line, "AnonHugePages: %lu", &kib);
	}
	if (in)
		fclose(in);
	return kib;
}

void report_content(const char *page)
{
	uint64_t hash = 0xcbf29ce484222325ull, first;

	for (size_t i = 0; i < page_bytes; i++)
		hash = (hash ^ (unsigned char)page[i]) * 0x100000001b3ull;
	memcpy(&first, page, sizeof(first));
	dprintf(rows, "C\t%d\t0x%lx\t0x%llx\t0x%llx\n", getpid(), (unsigned long)page,
		(unsigned long long)first, (unsigned long long)hash);
}

void fill(char *page)
{
	uint64_t *word = (uint64_t *)page, va = (unsigned long)page, pid = (uint64_t)getpid();

	for (size_t i = 0; i < page_bytes / sizeof(*word); i++)
		word[i] = (va ^ pid << 48) + i * 0x9e3779b97f4a7c15ull;
}

static void touch(char *page)
{
	fill(page);
	report_content(page);
}

void touch_pages(char *at, size_t from, size_t to, size_t step)
{
	for (size_t i = from; i < to; i += step)
		touch(at + i * page_bytes);
}

static void read_pages(const char *at, size_t from, size_t to, size_t step)
{
	for (size_t i = from; i < to; i += step)
		(void)*(const volatile char *)(at + i * page_bytes);
}

void expect(const char *at, size_t pages, const char *word, uint64_t frame)
{
	dprintf(rows, "W\t%d\t0x%lx\t%zu\t%s\t0x%llx\n", getpid(), (unsigned long)at, pages, word,
		(unsigned long long)frame);
}

void report_hidden(const char *page)
{
	dprintf(rows, "H\t%d\t0x%lx\n", getpid(), (unsigned long)page);
}

void report_left_out(int pid, const char *at, size_t pages)
{
	for (size_t i = 0; at && i < pages; i++)
		dprintf(rows, "X\t%d\t0x%lx\n", pid, (unsigned long)(at + i * page_bytes));
}

/* ------------------------------------------------------------------------------- mappings */

char *map_fd(const char *name, size_t pages, int prot, int flags, int fd, const char *note)
{
	char *at = mmap(NULL, pages * page_bytes, prot, flags, fd, 0);

	if (at == MAP_FAILED) {
		failed(name);
		return NULL;
	}
	label(name, at, pages * page_bytes, "%s", note);
	return at;
}

char *map(const char *name, size_t pages, const char *note)
{
	return map_fd(name, pages, RW, ANON, -1, note);
}

char *map_huge(const char *name, size_t bytes, const char *note)
{
	char *at = mmap(NULL, bytes + huge_bytes, RW, ANON, -1, 0), *begin;

	if (at == MAP_FAILED) {
		failed(name);
		return NULL;
	}
	begin = (char *)(((unsigned long)at + huge_bytes - 1) & ~(huge_bytes - 1));
	if (begin > at)
		munmap(at, (size_t)(begin - at));
	munmap(begin + bytes, huge_bytes - (size_t)(begin - at));
	label(name, begin, bytes, "%s%s", note,
	      madvise(begin, bytes, MADV_HUGEPAGE) ? " (no huge pages here)" : "");
	return begin;
}

static void map_at(const char *name, uint64_t va, size_t pages, const char *note)
{
	char *at = MAP_FAILED;

	errno = ENOMEM;
	if (va == (unsigned long)va)
		at = mmap((void *)(unsigned long)va, pages * page_bytes, RW,
			  ANON | MAP_FIXED_NOREPLACE, -1, 0);
	if (at != MAP_FAILED && (unsigned long)at != va) {
		munmap(at, pages * page_bytes); /* an old kernel takes the address as a hint */
		at = MAP_FAILED;
	}
	if (at == MAP_FAILED) {
		failed(name);
		return;
	}
	label(name, at, pages * page_bytes, "%s", note);
	touch_pages(at, 0, pages, 1);
}

static void map_anonymous(void)
{
	char *at;

	if ((at = map("anon_rw", 16, "all touched")))
		touch_pages(at, 0, 16, 1);
	map("anon_untouched", 16, "never touched");
	if ((at = map("anon_zero", 16, "read faulted: zero page")))
		read_pages(at, 0, 16, 1);
	if ((at = map("anon_mixed", 64, "every third touched")))
		touch_pages(at, 0, 64, 3);
	if ((at = map("anon_dropped", 16, "touched, then every second dropped"))) {
		touch_pages(at, 1, 16, 2);
		for (size_t i = 0; i < 16; i += 2) {
			fill(at + i * page_bytes);
			madvise(at + i * page_bytes, page_bytes, MADV_DONTNEED);
		}
	}
	if ((at = map("anon_cold", 16, "MADV_COLD: not young"))) {
		touch_pages(at, 0, 16, 1);
		madvise(at, 16 * page_bytes, MADV_COLD);
	}
	if ((at = map("anon_free", 16, "MADV_FREE"))) {
		touch_pages(at, 0, 16, 1);
		madvise(at, 16 * page_bytes, MADV_FREE);
	}
	if ((at = map("mlocked", 16, "mlock"))) {
		mlock(at, 16 * page_bytes);
		touch_pages(at, 0, 16, 1);
	}
	if ((at = map("large_folios", 64, "64 KiB folios where the kernel has them"))) {
		madvise(at, 64 * page_bytes, MADV_HUGEPAGE);
		touch_pages(at, 0, 64, 5);
	}
}

static void map_files(void)
{
	static char page[PAGE_BYTES_MAX];
	char *at;
	int fd = open("/tmp/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	memset(page, 0x5a, sizeof(page));
	for (int i = 0; i < 32 && write(fd, page, page_bytes) > 0; i++)
		page[i] = (char)i;
	if ((at = map_fd("file_priv_clean", 32, RW, MAP_PRIVATE, fd, "MAP_PRIVATE, read")))
		read_pages(at, 0, 32, 1);
	if ((at = map_fd("file_priv_cow", 32, RW, MAP_PRIVATE, fd, "16 written, 16 read"))) {
		touch_pages(at, 0, 16, 1);
		read_pages(at, 16, 32, 1);
	}
	if ((at = map_fd("file_shared", 48, RW, MAP_SHARED, fd,
			 "16 written, 16 read, 16 beyond"))) {
		touch_pages(at, 0, 16, 1);
		read_pages(at, 16, 32, 1);
	}
	close(fd);
	if ((at = map_fd("shmem", 16, RW, MAP_SHARED | MAP_ANONYMOUS, -1, "8 of 16 touched")))
		touch_pages(at, 0, 8, 1);
	fd = memfd_create("memfd", 0);
	if (ftruncate(fd, 16 * page_bytes) == 0 &&
	    (at = map_fd("memfd", 16, RW, MAP_SHARED, fd, "every second touched")))
		touch_pages(at, 0, 16, 2);
	close(fd);
	/* the page cache of a disk: folios of any size, mapped around the page that was read */
	fd = open("/dev/vda", O_RDONLY | O_CLOEXEC);
	if ((at = map_fd("disk", 64, PROT_READ, MAP_PRIVATE, fd,
			 "page cache, read here and there")))
		for (size_t i = 1; i < 64; i += 24)
			report_content(at + i * page_bytes);
	close(fd);
}

/* An instruction that returns. */
#if defined(__x86_64__) || defined(__i386__)
#define RETURN 0xc3c3c3c3 /* ret */
#elif defined(__aarch64__)
#define RETURN 0xd65f03c0 /* ret */
#elif defined(__riscv)
#define RETURN 0x00008067 /* ret */
#elif defined(__s390x__)
#define RETURN 0x07fe07fe /* br %r14 */
#elif defined(__powerpc__)
#define RETURN 0x4e800020 /* blr */
#else
#define RETURN 0xe12fff1e /* bx lr */
#endif

static void map_protected(void)
{
	static const uint32_t run = RETURN;
	static const struct {
		const char *name, *note;
		int prot;
	} kinds[] = {
		{ "prot_none", "touched, then PROT_NONE", PROT_NONE },
		{ "readonly", "touched, then PROT_READ", PROT_READ },
		{ "writeonly", "touched, then PROT_WRITE", PROT_WRITE },
		{ "exec", "r-x, run", PROT_READ | PROT_EXEC },
		{ "rwx", "rwx, run", RW | PROT_EXEC },
		{ "execonly", "--x, run (a pkey on CPUs that have them)", PROT_EXEC },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *at = map(kinds[i].name, 16, kinds[i].note);
		if (!at)
			continue;
		if (kinds[i].prot & PROT_EXEC) {
			for (size_t byte = 0; byte < 16 * page_bytes; byte += sizeof(run))
				memcpy(at + byte, &run, sizeof(run));
			__builtin___clear_cache(at, at + 16 * page_bytes);
		} else {
			touch_pages(at, 0, 12, 1);
		}
		mprotect(at, 16 * page_bytes, kinds[i].prot);
		if (!kinds[i].prot)
			expect(at, 12, "protnone", 0);
		if (kinds[i].prot & PROT_EXEC)
			((void (*)(void))at)();
	}
	map_fd("prot_none_untouched", 16, PROT_NONE, ANON, -1, "never touched");
}

static void map_pkey(void)
{
	char *at = map("pkey", 16, "a protection key that denies writing");
	long key = syscall(SYS_pkey_alloc, 0, 2);

	if (!at)
		return;
	if (key < 0) {
		failed("pkey");
		return;
	}
	syscall(SYS_pkey_mprotect, at, 16 * page_bytes, RW, -1);
	touch_pages(at, 0, 12, 1);
	syscall(SYS_pkey_mprotect, at, 16 * page_bytes, RW, key);
}

char *left_out;

static void map_transparent_huge(void)
{
	size_t pages = huge_bytes / page_bytes;
	char *at;

	if ((at = map_huge("thp", 2 * huge_bytes, "all there"))) {
		touch_pages(at, 0, 2 * pages, HUGE_STEP);
		errno = ENOTSUP;
		if (!is_huge(at))
			failed("thp");
	}
	if ((at = map_huge("thp_split", huge_bytes, "page 7 dropped: small pages"))) {
		touch_pages(at, 0, pages, HUGE_STEP);
		madvise(at + 7 * page_bytes, page_bytes, MADV_DONTNEED);
	}
	if ((at = map_huge("thp_zero", huge_bytes, "read faulted: the huge zero page")))
		read_pages(at, 0, 1, 1);
	if ((at = map_huge("thp_prot_none", huge_bytes, "then PROT_NONE"))) {
		touch_pages(at, 0, pages, HUGE_STEP);
		mprotect(at, huge_bytes, PROT_NONE);
#if defined(__arm__)
		/*
		 * LPAE's pmd_present() says no to this: pagemap leaves it out, fork() takes it
		 * for a migration entry, and then exit() crashes the kernel.
		 */
		madvise(at, huge_bytes, MADV_DONTFORK);
		report_left_out(getpid(), at, pages);
		left_out = at;
#endif
	}
	if ((at = map_huge("thp_ro", huge_bytes, "then PROT_READ"))) {
		touch_pages(at, 0, pages, HUGE_STEP);
		mprotect(at, huge_bytes, PROT_READ);
	}
	if ((at = map_huge("thp_cold", huge_bytes, "MADV_COLD: not young"))) {
		touch_pages(at, 0, pages, HUGE_STEP);
		madvise(at, huge_bytes, MADV_COLD);
	}
	int fd = open("/huge/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (ftruncate(fd, (off_t)(2 * huge_bytes)) == 0 &&
	    (at = map_huge("thp_shmem", 2 * huge_bytes, "a file in tmpfs, first half touched")) &&
	    mmap(at, 2 * huge_bytes, RW, MAP_SHARED | MAP_FIXED, fd, 0) == at)
		touch_pages(at, 0, pages, HUGE_STEP);
	close(fd);
}

static void map_hugetlb(void)
{
	const int flags = ANON | MAP_HUGETLB, gib = 30 << MAP_HUGE_SHIFT;
	size_t pages = hugetlb_bytes / page_bytes;
	char *at;

	at = map_fd("hugetlb", 2 * pages, RW, flags, -1, "first of two touched");
	if (at)
		touch_pages(at, 0, pages, HUGE_STEP);
	at = map_fd("hugetlb_shared", pages, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1,
		    "touched");
	if (at)
		touch_pages(at, 0, pages, HUGE_STEP);
	at = map_fd("hugetlb_prot_none", pages, RW, flags, -1, "touched, then PROT_NONE");
	if (at) {
		touch_pages(at, 0, pages, HUGE_STEP);
		mprotect(at, hugetlb_bytes, PROT_NONE);
	}
	if (!parameter("huge1g"))
		return;
	pages = (1ul << 30) / page_bytes;
	at = map_fd("hugetlb_1g", pages, RW, flags | gib, -1, "touched");
	if (at)
		touch_pages(at, 5, pages, 11 * 512 + 3);
}

static void map_swapped(void)
{
	char *at;

	if ((at = map("swapped", 64, "paged out"))) {
		for (size_t i = 0; i < 64; i++)
			fill(at + i * page_bytes);
		if (madvise(at, 64 * page_bytes, MADV_PAGEOUT) || !(pagemap_word(at) >> 62 & 1))
			failed("swapped");
	}
	if ((at = map("swapped_back", 32, "paged out; 4 read, 4 written again"))) {
		for (size_t i = 0; i < 32; i++)
			fill(at + i * page_bytes);
		madvise(at, 32 * page_bytes, MADV_PAGEOUT);
		read_pages(at, 0, 4, 1);
		touch_pages(at, 4, 8, 1);
	}
	if ((at = map("swapped_prot_none", 16, "paged out, then PROT_NONE"))) {
		for (size_t i = 0; i < 16; i++)
			fill(at + i * page_bytes);
		madvise(at, 16 * page_bytes, MADV_PAGEOUT);
		mprotect(at, 16 * page_bytes, PROT_NONE);
	}
	at = map_fd("shmem_pageout", 16, RW, MAP_SHARED | MAP_ANONYMOUS, -1, "paged out");
	if (at) {
		for (size_t i = 0; i < 16; i++)
			fill(at + i * page_bytes);
		madvise(at, 16 * page_bytes, MADV_PAGEOUT);
	}
}

/* ------------------------------------------------------------------------------- userfaultfd */

/* @return a userfaultfd with all features that this kernel has, or -1 */
static int open_uffd(uint64_t *ret_features)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	bool known = fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0;

	close(fd); /* the question spends it */
	*ret_features = api.features & (UFFD_FEATURE_PAGEFAULT_FLAG_WP | FEATURE_WP_SHMEM |
					FEATURE_WP_UNPOPULATED | FEATURE_POISON);
	api = (struct uffdio_api){ .api = UFFD_API, .features = *ret_features };
	fd = known ? (int)syscall(SYS_userfaultfd, O_CLOEXEC) : -1;
	return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 ? fd : -1;
}

static void protect(int uffd, const char *name, char *at, size_t pages, size_t protected)
{
	struct uffdio_register reg = {
		.range = { .start = (unsigned long)at, .len = pages * page_bytes },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { .start = (unsigned long)at, .len = protected * page_bytes },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg) || ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		failed(name);
}

/* The descriptors stay open: closing them would undo it. */
static void map_userfault(void)
{
	uint64_t features;
	int uffd = open_uffd(&features);
	char *at;

	if (uffd < 0 || !(features & UFFD_FEATURE_PAGEFAULT_FLAG_WP)) {
		errno = EOPNOTSUPP;
		failed("uffd_wp");
		return;
	}
	if ((at = map("uffd_wp", 16, "first 8 write-protected"))) {
		touch_pages(at, 0, 16, 1);
		protect(uffd, "uffd_wp", at, 16, 8);
	}
	if ((at = map("uffd_wp_unpopulated", 16, "4 of 8 write-protected pages are there"))) {
		touch_pages(at, 0, 4, 1);
		protect(uffd, "uffd_wp_unpopulated", at, 16, 8);
		if (features & FEATURE_WP_UNPOPULATED)
			expect(at + 4 * page_bytes, 4, "marker", 0);
	}
	at = map_fd("uffd_wp_shmem", 16, RW, MAP_SHARED | MAP_ANONYMOUS, -1,
		    "4 of 8 write-protected pages are there: markers");
	if (at) {
		touch_pages(at, 0, 4, 1);
		protect(uffd, "uffd_wp_shmem", at, 16, 8);
		if (features & FEATURE_WP_SHMEM)
			expect(at + 4 * page_bytes, 4, "marker", 0);
	}
	if (!(features & FEATURE_POISON) || !(at = map("uffd_poison", 16, "2 poisoned: markers")))
		return;
	struct uffdio_register reg = {
		.range = { .start = (unsigned long)at, .len = 16 * page_bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct poison poison = {
		.range = { .start = (unsigned long)at, .len = 2 * page_bytes },
	};
	if (ioctl(uffd, UFFDIO_REGISTER, &reg) || ioctl(uffd, IOCTL_POISON, &poison))
		failed("uffd_poison");
	else
		expect(at, 2, "marker", 0);
}

/* ------------------------------------------------------------------------------- places */

/* Borders between halves, depths and layouts; most kernels have but some of them. */
static const struct {
	const char *name;
	uint64_t va;
	size_t pages_below, pages;
	const char *note;
} places[] = {
	{ "fixed", 0x10000000, 0, 1, "at 256 MiB" },
	{ "pair_border", 1ull << 31, 1, 2, "around 2^31" },
#if ULONG_MAX == UINT32_MAX
	{ "top32", 0xbf000000, 1, 1, "last page below the modules" },
#elif defined(__x86_64__)
	{ "top47", 0x7fffffffe000, 0, 1, "last page below 2^47" },
	{ "high_la57_47", 1ull << 47, 0, 4, "from 2^47" },
	{ "high_la57_52", 1ull << 52, 2, 4, "around 2^52" },
	{ "high_la57_top", 1ull << 56, 2, 1, "last page below 2^56" },
#else
	{ "top38", 1ull << 38, 2, 1, "last page but one below 2^38" },
	{ "top39", 1ull << 39, 1, 1, "last page below 2^39" },
	{ "around42", 1ull << 42, 2, 4, "around 2^42" },
	{ "top46", 1ull << 46, 1, 1, "last page below 2^46" },
	{ "top47", 1ull << 47, 2, 4, "around 2^47" },
	{ "below47", 1ull << 47, 3, 1, "last page but two below 2^47" },
	{ "top48", 1ull << 48, 1, 1, "last page below 2^48" },
	{ "high_lpa2", 1ull << 48, 0, 4, "from 2^48" },
	{ "from49", 1ull << 49, 0, 4, "from 2^49" },
	{ "high_lpa2_top", 1ull << 52, 2, 1, "last page but one below 2^52" },
	{ "around53", 1ull << 53, 2, 4, "around 2^53" },
	{ "below56", 1ull << 56, 3, 1, "last page but two below 2^56" },
#endif
};

static void map_places(void)
{
	unsigned long lowest = 65536;
	char line[32] = "";
	int fd = open("/proc/sys/vm/mmap_min_addr", O_RDONLY | O_CLOEXEC);

	if (read(fd, line, sizeof(line) - 1) > 0 && strtoul(line, NULL, 10))
		lowest = strtoul(line, NULL, 10);
	close(fd);
#if defined(__arm__)
	if (lowest < 2 * page_bytes)
		lowest = 2 * page_bytes; /* FIRST_USER_ADDRESS: the vectors could lie below */
#endif
	lowest = (lowest + page_bytes - 1) & -page_bytes;
	map_at("low", lowest, 4, "lowest");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		map_at(places[i].name, places[i].va - places[i].pages_below * page_bytes,
		       places[i].pages, places[i].note);
}

static void map_device(void)
{
	uint64_t pa = parameter("devmem");
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	char *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, page_bytes, PROT_READ, MAP_SHARED, fd, (off_t)pa);

	if (at == MAP_FAILED)
		failed("devmem");
	else
		label("devmem", at, page_bytes, "physical 0x%llx (remap_pfn_range)",
		      (unsigned long long)pa);
	close(fd);
}

void make_mappings(void)
{
	map_anonymous();
	map_files();
	map_protected();
	map_pkey();
	map_transparent_huge();
	map_hugetlb();
	map_userfault();
	map_places();
	map_device();
	map_swapped();
}
