/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries and spaces that few processes have: what is not a page, and what is shared. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
/* newer than the headers that this is built with */
#define MADV_GUARD 102
#define NR_MEMFD_SECRET 447
#define KSM "/sys/kernel/mm/ksm/"
#define ZSWAP "/sys/module/zswap/parameters/enabled"
#define MANY_THREADS 300
#define BALANCING "/proc/sys/kernel/numa_balancing"
#define PM_PFN ((1ull << 55) - 1)
#define FAR_BYTES (32ull << 30)
#define ZRAM_BYTES (16ul << 20)
#define OOM_SECONDS 60
#define READY_FD 9 /* of the 32-bit program */

/* ------------------------------------------------------------------------------- no pages */

static void map_guard(void)
{
	char *at = map("guard", 16, "pages 4 to 7: MADV_GUARD_INSTALL, markers");

	if (!at)
		return;
	touch_pages(at, 0, 4, 1);
	touch_pages(at, 8, 16, 1);
	if (madvise(at + 4 * page_bytes, 4 * page_bytes, MADV_GUARD))
		failed("guard");
	else
		expect(at + 4 * page_bytes, 4, "marker", 0);
}

static void map_secret(void)
{
	int fd = (int)syscall(NR_MEMFD_SECRET, O_CLOEXEC);
	char *at;

	if (fd < 0 || ftruncate(fd, 8 * page_bytes)) {
		failed("secret");
		return;
	}
	at = map_fd("secret", 8, RW, MAP_SHARED, fd, "memfd_secret: the kernel can't see it");
	for (size_t i = 0; at && i < 4; i++) {
		fill(at + i * page_bytes);
		if (sizeof(long) == 8) /* of high memory no kernel has a map */
			report_hidden(at + i * page_bytes);
	}
	close(fd);
}

static void page_out(const char *name, const char *note)
{
	char *at = map(name, 64, note);

	if (!at)
		return;
	for (size_t i = 0; i < 64; i++)
		fill(at + i * page_bytes);
	if (madvise(at, 64 * page_bytes, MADV_PAGEOUT) || !(pagemap_word(at) >> 62 & 1))
		failed(name);
}

/* The other half of the disk, a swap space of its own, and all there is from now on. */
static void swap_elsewhere(void)
{
	if (swapon(OTHER_SWAP, SWAP_FLAG_PREFER | 5))
		failed("swapped_elsewhere");
	else
		page_out("swapped_elsewhere", "paged out to another swap space");
}

static void swap_to_zram(void)
{
	static char page[PAGE_BYTES_MAX];
	const uint32_t head[] = { 1, (uint32_t)(ZRAM_BYTES / page_bytes - 1) }; /* version, last */
	int fd;

	set("/sys/block/zram0/disksize", "%lu", ZRAM_BYTES);
	memcpy(page + 1024, head, sizeof(head));
	memcpy(page + page_bytes - 10, "SWAPSPACE2", 10);
	fd = open("/dev/zram0", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, page, page_bytes) != (ssize_t)page_bytes || fsync(fd) ||
	    swapon("/dev/zram0", SWAP_FLAG_PREFER | 9))
		failed("swapped_zram");
	else
		page_out("swapped_zram", "paged out to zram");
	close(fd);
}

static void swap_to_zswap(void)
{
	if (access(ZSWAP, W_OK)) {
		failed("swapped_zswap");
		return;
	}
	set(ZSWAP, "Y");
	page_out("swapped_zswap", "paged out, kept by zswap");
	set(ZSWAP, "N");
}

static void be_special(void)
{
	map_guard();
	map_secret();
	swap_to_zswap();
	swap_elsewhere();
	swap_to_zram();
}

/* ------------------------------------------------------------------------------- kept */

static bool copy_file(const char *from, const char *to)
{
	char piece[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CLOEXEC);
	ssize_t bytes = in < 0 || out < 0 ? -1 : 1;

	while (bytes > 0) {
		bytes = read(in, piece, sizeof(piece));
		if (bytes > 0 && write(out, piece, (size_t)bytes) != bytes)
			bytes = -1;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return bytes == 0;
}

/* A file whose pages are the disk itself: memory that keeps its contents. */
static void be_dax(void)
{
	char disk[80];
	int fd = -1;

	mkdir("/dax", 0755);
	if (wait_for("/dev/pmem*", disk, sizeof(disk)) && copy_file("/dax.image", disk) &&
	    mount(disk, "/dax", "ext4", 0, "dax") == 0)
		fd = open("/dax/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 64 * page_bytes)) {
		failed("dax");
		return;
	}
	char *at = map_fd("dax", 64, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd,
			  "a file, no page cache");
	if (at)
		touch_pages(at, 0, 64, 3);
	close(fd);
}

/* ------------------------------------------------------------------------------- killed */

static char *reaped; /* where the victim's pages were */

static void be_victim(void)
{
	set("/proc/self/oom_score_adj", "1000");
	label("oom_victim", reaped, 64 * page_bytes, "touched, then taken by the OOM reaper");
	for (size_t i = 0; i < 64; i++)
		*(volatile size_t *)(reaped + i * page_bytes) = i + 1;
}

/* Whether a process has its VMAs still, and no page behind one of them. */
static bool is_reaped(int pid)
{
	char path[40];
	uint64_t word = ~0ull;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t bytes = pread(fd, &word, 8, (off_t)((unsigned long)reaped / page_bytes * 8));

	close(fd);
	return bytes == 8 && !(word >> 62);
}

/*
 * A process that the OOM killer chose, and that can't end: its tracer holds it where it is about
 * to give up its memory, so that the reaper comes and takes the pages from under it.
 */
static void be_tracer(void)
{
	int pid, status = 0, tries = 0;

	reaped = map("oom_untouched", 64, "its child touched them, and is an OOM victim");
	pid = reaped ? spawn("victim", be_victim) : -1;
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT)) {
		failed("oom_reaped");
		return;
	}
	set("/proc/sysrq-trigger", "f");
	while (waitpid(pid, &status, WNOHANG) == 0 && tries++ < 10 * OOM_SECONDS)
		usleep(100000);
	while (!is_reaped(pid) && tries++ < 20 * OOM_SECONDS)
		usleep(100000);
	errno = ETIMEDOUT;
	if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8) || !is_reaped(pid))
		failed("oom_reaped");
	else
		label("oom_reaped", NULL, 0, "pid %d: killed, without its pages, still there", pid);
}

/* ------------------------------------------------------------------------------- shared */

static void be_merged(void)
{
	char *at = map("ksm", 32, "all alike: merged by KSM, then page 7 written");

	if (!at)
		return;
	memset(at, 0x5a, 32 * page_bytes);
	if (madvise(at, 32 * page_bytes, MADV_MERGEABLE)) {
		failed("ksm");
		return;
	}
	set(KSM "sleep_millisecs", "10");
	set(KSM "pages_to_scan", "1000");
	set(KSM "run", "1");
	for (int i = 0; i < 100 && number_in(KSM "pages_sharing") < 31; i++)
		usleep(100000);
	set(KSM "run", "0");
	errno = ETIMEDOUT;
	if (number_in(KSM "pages_sharing") < 31)
		failed("ksm");
	touch_pages(at, 7, 8, 1);
	report_content(at);
	report_content(at + 31 * page_bytes);
}

static char *shared;

/* What one table of huge pages maps: of 4096 bytes, a GiB. */
static size_t table_reach(void)
{
	return page_bytes / sizeof(uint64_t) * hugetlb_bytes;
}

static void be_sharer(void)
{
	label("pmd_shared_child", shared, table_reach(), "its table is its parent's");
	touch_pages(shared, 0, 1, 1);
}

/* A table's reach that two processes have at the same place: hugetlbfs lets them share it. */
static void be_sharing(void)
{
	size_t bytes = table_reach();
	char *room = mmap(NULL, 2 * bytes, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	char *at = (char *)(((unsigned long)room + bytes - 1) & -bytes);
	int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED | MAP_HUGETLB;

	if (room == MAP_FAILED || mmap(at, bytes, RW, flags, -1, 0) == MAP_FAILED) {
		failed("pmd_shared");
		return;
	}
	munmap(room, (size_t)(at - room));
	label("pmd_shared", at, bytes, "one table of two processes");
	fill(at);
	shared = at;
	spawn("sharer", be_sharer);
}

/* ------------------------------------------------------------------------------- places */

/* What NUMA balancing has done so far: a number of entries. */
static unsigned long hints_made(void)
{
	char line[128];
	unsigned long made = 0;
	FILE *in = fopen("/proc/vmstat", "re");

	while (in && fgets(line, sizeof(line), in))
		sscanf(line, "numa_pte_updates %lu", &made);
	if (in)
		fclose(in);
	return made;
}

/*
 * Entries that wait for the next touch, which never comes. Of a process with one thread only pages
 * of other nodes would get a hint. The work is done by whoever runs, when it has run for a second.
 */
static void be_hinted(void)
{
	char *at = map("numa_hints", 64, "touched, then NUMA balancing took its look");
	unsigned long before = hints_made();
	time_t end = time(NULL) + 30;

	if (!at)
		return;
	touch_pages(at, 0, 64, 1);
	start_threads(1);
	set(BALANCING, "1");
	while (hints_made() < before + 64 && time(NULL) < end)
		for (volatile int i = 0; i < 10000000; i++)
			;
	set(BALANCING, "0");
	errno = ETIMEDOUT;
	if (hints_made() < before + 64)
		failed("numa_hints");
	else
		expect(at, 64, "numa", 0);
}

/* Memory that came later, at an address that no guest of this size has. */
static void be_far(void)
{
	size_t pages = ((size_t)parameter("far_mib") << 20) / page_bytes, far = 0;
	char *at;

	for (int block = 0; block < 1024; block++) {
		char path[80];

		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%d/state", block);
		set(path, "online");
	}
	at = map("far", pages, "more than fits below the memory that was added");
	for (size_t i = 0; at && i < pages; i++) {
		*(volatile size_t *)(at + i * page_bytes) = i;
		if (i % 64 == 0)
			far += (pagemap_word(at + i * page_bytes) & PM_PFN) >=
			       FAR_BYTES / page_bytes;
	}
	label("far_pages", NULL, 0, "%zu in 64 pages lie beyond 32 GiB", far);
	errno = ENOMEM;
	if (!far)
		failed("far_pages");
}

static void be_many(void)
{
	label("threads", NULL, 0, "%d threads", MANY_THREADS);
	start_threads(MANY_THREADS);
}

static void be_compat(void)
{
	label("compat", NULL, 0, "a 32-bit process");
	hand_ready(READY_FD);
	execl("/compat", "compat", NULL);
	failed("compat");
}

void start_special(void)
{
	spawn("special", be_special);
	spawn("merged", be_merged);
	spawn("many", be_many);
	spawn("tracer", be_tracer);
	if (access("/sys/devices/system/node/node1", F_OK) == 0)
		spawn("hinted", be_hinted);
	if (access("/dax.image", F_OK) == 0)
		spawn("dax", be_dax);
	if (parameter("far_mib"))
		spawn("far", be_far);
	if (sizeof(long) == 8) {
		spawn("sharing", be_sharing);
		spawn("compat", be_compat);
	}
}
