/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Loaded before all others (LD_PRELOAD): makes one call of the process fail, or all from one on.
 *
 * MMU_FAULT=KIND:N. Call number N, from 1 on, of its kind fails. KIND:0: nothing fails. Kinds:
 * malloc (asked for by our own code), beneath (by libraries), mmap, open, read, write (ENOSPC, and
 * all that follow), short (a read gives half, and all that follow), eintr (a read is interrupted),
 * plugin (the N-th library that is loaded at run time can't be).
 *
 * MMU_FAULT_REPORT=FILE: what was counted, at the end of the process: "KIND calls", and "leaked
 * blocks": those that our own code asked for and nobody freed, unless it called exit().
 *
 * MMU_FAULT_PLACES=FILE: "KIND N", for each place (the eight calls that led there) from which
 * memory is asked for beneath us, the first time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { MALLOC, BENEATH, MMAP, OPEN, READ, WRITE, SHORT, EINTR_READ, PLUGIN, KINDS };

static const char *const names[KINDS] = { "malloc", "beneath", "mmap",  "open",  "read",
					  "write",  "short",   "eintr", "plugin" };
static unsigned long calls[KINDS], fails_at;
static enum kind fails = KINDS;
static bool ended_on_the_spot;
/* open from the begin on: later the tool can open no file any more */
static int report = -1, places = -1;
static bool ready; /* main() is about to run: what comes before is no work of ours */

/* Does this call fail? */
static bool fail(enum kind kind)
{
	if (!ready)
		return false;
	unsigned long call = __atomic_add_fetch(&calls[kind], 1, __ATOMIC_RELAXED);

	if (kind != fails || !fails_at)
		return false;
	return kind == WRITE || kind == SHORT ? call >= fails_at : call == fails_at;
}

/* ------------------------------------------------------------------ who asks */

#define RANGES_MAX 8
static struct {
	uintptr_t first, end;
} ours[RANGES_MAX];
static size_t nr_ours;

static int add_object(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *name = strrchr(info->dlpi_name, '/');

	(void)size;
	(void)context;
	if (*info->dlpi_name && !(name && strncmp(name, "/libmmuscope", 12) == 0))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum && nr_ours < RANGES_MAX; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
			continue;
		ours[nr_ours].first = info->dlpi_addr + header->p_vaddr;
		ours[nr_ours++].end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
	}
	return 0;
}

static bool is_ours(const void *caller)
{
	for (size_t i = 0; i < nr_ours; i++)
		if ((uintptr_t)caller >= ours[i].first && (uintptr_t)caller < ours[i].end)
			return true;
	return false;
}

/* ------------------------------------------------------------------ memory */

/* Blocks of ours that live, in a table with open addressing; 0: free, 1: was in use. */
#define SLOTS (1u << 16)
static uintptr_t *slots;
static void *(*real_malloc)(size_t), *(*real_calloc)(size_t, size_t),
	*(*real_realloc)(void *, size_t), (*real_free)(void *);
static char early[65536]; /* what dlsym() asks for before we know calloc() */
static size_t early_used;

static uintptr_t *slot_of(uintptr_t block, bool make)
{
	size_t at = (block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48;

	for (size_t i = 0; i < SLOTS; i++, at++) {
		uintptr_t *slot = &slots[at % SLOTS];

		if (*slot == block || (make && *slot <= 1))
			return slot;
		if (!*slot)
			return NULL;
	}
	return NULL;
}

/* The hashes of places: of the calls right above. */
#define PLACES (1u << 16)
#define DEPTH 10
static uint64_t seen[PLACES];
static _Thread_local bool within; /* the unwinder wants memory, too */

static void keep_place(void)
{
	void *frames[DEPTH];
	uint64_t hash = 1;

	if (places < 0)
		return;
	within = true;
	int nr = backtrace(frames, DEPTH);
	for (int i = 2; i < nr; i++)
		hash = (hash ^ (uintptr_t)frames[i]) * UINT64_C(0x100000001b3);
	uint64_t at = hash % PLACES;
	while (seen[at] && seen[at] != hash)
		at = (at + 1) % PLACES;
	if (!seen[at])
		dprintf(places, "%s %lu\n", names[BENEATH], calls[BENEATH]);
	seen[at] = hash;
	within = false;
}

static bool fail_malloc(const void *caller)
{
	if (!ready || within)
		return false;
	if (is_ours(caller))
		return fail(MALLOC);
	bool failed = fail(BENEATH);

	keep_place();
	return failed;
}

static void keep(void *block, const void *caller)
{
	if (!ready || !block || !slots || !is_ours(caller))
		return;
	uintptr_t *slot = slot_of((uintptr_t)block, true);
	if (slot)
		*slot = (uintptr_t)block;
}

static void drop(void *block)
{
	uintptr_t *slot = ready && block && slots ? slot_of((uintptr_t)block, false) : NULL;

	if (slot)
		*slot = 1;
}

static void find_real(void)
{
	real_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	real_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	real_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	real_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
}

void *malloc(size_t bytes)
{
	if (!real_malloc)
		find_real();
	void *block = fail_malloc(__builtin_return_address(0)) ? NULL : real_malloc(bytes);

	if (!block)
		errno = ENOMEM;
	keep(block, __builtin_return_address(0));
	return block;
}

void *calloc(size_t count, size_t bytes)
{
	if (!real_calloc) {
		void *block = early + early_used;

		early_used += (count * bytes + 15) & ~(size_t)15;
		return early_used <= sizeof(early) ? block : NULL;
	}
	void *block = fail_malloc(__builtin_return_address(0)) ? NULL : real_calloc(count, bytes);

	if (!block)
		errno = ENOMEM;
	keep(block, __builtin_return_address(0));
	return block;
}

void *realloc(void *old, size_t bytes)
{
	if (!real_realloc)
		find_real();
	if (fail_malloc(__builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	drop(old);
	void *block = real_realloc(old, bytes);

	keep(block ? block : old, __builtin_return_address(0));
	return block;
}

void *reallocarray(void *old, size_t count, size_t bytes)
{
	size_t whole;

	if (__builtin_mul_overflow(count, bytes, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	if (fail_malloc(__builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	drop(old);
	void *block = real_realloc(old, whole);

	keep(block ? block : old, __builtin_return_address(0));
	return block;
}

void free(void *block)
{
	if ((char *)block >= early && (char *)block < early + sizeof(early))
		return;
	drop(block);
	real_free(block);
}

/* ------------------------------------------------------------------ system calls */

#define REAL(function, ...)                                                                        \
	static __typeof__(function) *real;                                                         \
	if (!real)                                                                                 \
		real = (__typeof__(function) *)dlsym(RTLD_NEXT, #function);

void *mmap(void *where, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	REAL(mmap)
	if (fail(MMAP)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return real(where, bytes, protection, flags, fd, offset);
}

int open(const char *path, int flags, ...)
{
	__builtin_va_list list;

	__builtin_va_start(list, flags);
	mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? __builtin_va_arg(list, mode_t) : 0;
	__builtin_va_end(list);
	REAL(open)
	if (fail(OPEN)) {
		errno = EMFILE;
		return -1;
	}
	return real(path, flags, mode);
}

/* @return whether the call fails; else *bytes may be fewer */
static bool fail_read(size_t *bytes)
{
	if (fail(READ)) {
		errno = EIO;
		return true;
	}
	if (fail(EINTR_READ)) {
		errno = EINTR;
		return true;
	}
	if (fail(SHORT) && *bytes > 1)
		*bytes /= 2;
	return false;
}

ssize_t read(int fd, void *buf, size_t bytes)
{
	REAL(read)
	return fail_read(&bytes) ? -1 : real(fd, buf, bytes);
}

ssize_t pread(int fd, void *buf, size_t bytes, off_t offset)
{
	REAL(pread)
	return fail_read(&bytes) ? -1 : real(fd, buf, bytes, offset);
}

/* A disk that is full: standard output and errors still work. */
static bool fail_write(int fd)
{
	if (fd <= 2 || !fail(WRITE))
		return false;
	errno = ENOSPC;
	return true;
}

ssize_t write(int fd, const void *buf, size_t bytes)
{
	REAL(write)
	return fail_write(fd) ? -1 : real(fd, buf, bytes);
}

ssize_t pwrite(int fd, const void *buf, size_t bytes, off_t offset)
{
	REAL(pwrite)
	return fail_write(fd) ? -1 : real(fd, buf, bytes, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int nr)
{
	REAL(writev)
	return fail_write(fd) ? -1 : real(fd, parts, nr);
}

size_t fwrite(const void *data, size_t bytes, size_t count, FILE *file)
{
	REAL(fwrite)
	return fail_write(fileno(file)) ? 0 : real(data, bytes, count, file);
}

/* What was buffered is written only now. */
int fclose(FILE *file)
{
	bool failed = fail_write(fileno(file));

	REAL(fclose)
	int result = real(file);
	if (failed)
		errno = ENOSPC;
	return failed ? EOF : result;
}

void *dlopen(const char *name, int flags)
{
	REAL(dlopen)
	return fail(PLUGIN) ? real("/no/such/library.so", flags) : real(name, flags);
}

/* By the names that programs for files of more than 2 GiB have them. */
void *mmap64(void *where, size_t bytes, int protection, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
ssize_t pread64(int fd, void *buf, size_t bytes, off_t offset) __attribute__((alias("pread")));
ssize_t pwrite64(int fd, const void *buf, size_t bytes, off_t offset) __attribute__((alias("pwrit"
											   "e")));

/* ------------------------------------------------------------------ begin and end */

/* Not what main() returns to: who ends a process on the spot leaves its memory to the system. */
void exit(int status)
{
	REAL(exit)
	ended_on_the_spot = true;
	real(status);
	__builtin_unreachable();
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("MMU_FAULT"), *path = getenv("MMU_FAULT_REPORT");

	if (path)
		report = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	path = getenv("MMU_FAULT_PLACES");
	if (path) {
		void *frames[2];

		places = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		backtrace(frames, 2); /* loads what it needs */
	}
	if (!real_malloc)
		find_real();
	for (enum kind kind = 0; text && kind < KINDS; kind++) {
		size_t length = strlen(names[kind]);

		if (strncmp(text, names[kind], length) == 0 && text[length] == ':') {
			fails = kind;
			fails_at = strtoul(text + length + 1, NULL, 10);
		}
	}
	dl_iterate_phdr(add_object, NULL);
	slots = real_calloc(SLOTS, sizeof(*slots));
	unsetenv("LD_PRELOAD"); /* other programs are none of ours */
	ready = true;
}

__attribute__((destructor)) static void end(void)
{
	unsigned long leaked = 0;

	ready = false;
	for (size_t i = 0; slots && i < SLOTS && !ended_on_the_spot; i++)
		leaked += slots[i] > 1;
	if (report < 0)
		return;
	for (enum kind kind = 0; kind < KINDS; kind++)
		dprintf(report, "%s %lu\n", names[kind], calls[kind]);
	dprintf(report, "leaked %lu\n", leaked);
}
