/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The process that runs libkdumpfile, taken over by a file: what it answers is the input. The
 * linker puts functions of this file in place of the calls by which helper.c reaches the process.
 *
 * An input is one answer after the other, see answer(); behind its end all answers are good.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/files.h"
#include "fuzz/fuzz.h"
#include "image/helper_protocol.h"
#include "image/image.h"

#define VMCOREINFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"
#define LOOKS_MAX 40u
#define RANGES_MAX 64u

/* How an answer is given: the low 4 bits of its first byte; below HOW_FAILED it is a good one. */
enum {
	HOW_FAILED = 10, /* one that says no; the next byte is the status */
	HOW_COUNT,       /* another count, of 4 bytes */
	HOW_STATES,      /* states of pages, of 8 bytes, again and again */
	HOW_SHORT,       /* so many bytes of it */
	HOW_END,         /* none: the process has ended */
	HOW_PROTOCOL,    /* of another protocol */
	/* and more bits: */
	HOW_MASK = 15,
	HOW_INTERRUPTED = 16, /* the first call that waits for it is interrupted */
	HOW_DEAF = 32,        /* the next question can't be sent */
};

static bool playing; /* an input runs: calls are ours */
static struct fuzz_input input;
static struct mmu_helper_request request;
static uint8_t *window; /* as the process sees it */
static unsigned int how, interruptions;

/* ------------------------------------------------------------------ what the process says */

/* @return the count that belongs to it */
static uint32_t fill_window(struct mmu_helper_reply *reply)
{
	static const struct mmu_helper_range ranges[] = { { 0, 15 }, { 32, 63 } };
	const struct mmu_helper_info info = { .format = "made up",
					      .release = "6.1.0-test",
					      .machine = "x86_64",
					      .elf_class = 2,
					      .elf_machine = 62,
					      .has_ram_map = 1,
					      .has_file_map = 1,
					      .page_bytes = 4096,
					      .max_pfn = 64,
					      .vmcoreinfo_bytes = sizeof(VMCOREINFO) - 1 };

	switch (request.kind) {
	case MMU_HELPER_OPEN:
		memcpy(window, &info, sizeof(info));
		return sizeof(info);
	case MMU_HELPER_VMCOREINFO:
		memcpy(window, VMCOREINFO, sizeof(VMCOREINFO));
		return request.count < sizeof(VMCOREINFO) ? request.count : sizeof(VMCOREINFO) - 1;
	case MMU_HELPER_RAM:
	case MMU_HELPER_PRESENT:
		memcpy(window, ranges, sizeof(ranges));
		return request.first ? 0 : 2;
	default:
		memset(reply->state, MMU_PAGE_PRESENT, sizeof(reply->state));
		memcpy(window, &request.first, sizeof(request.first));
		return request.count;
	}
}

/* How (1 byte), what that takes, then a number of patches to the window: at (2), value (8). */
static size_t answer(struct mmu_helper_reply *reply)
{
	size_t bytes = sizeof(*reply);

	*reply = (struct mmu_helper_reply){ .protocol = MMU_HELPER_PROTOCOL };
	reply->count = fill_window(reply);
	switch (how & HOW_MASK) {
	case HOW_FAILED:
		reply->status = (uint32_t)fuzz_take(&input, 1);
		memset(window, 'x', 8);
		break;
	case HOW_COUNT:
		reply->count = (uint32_t)fuzz_take(&input, 4);
		break;
	case HOW_STATES:
		for (uint64_t i = 0, all = fuzz_take(&input, 8); i < MMU_HELPER_PAGES_MAX; i++)
			reply->state[i] = (uint8_t)(all >> i % 8 * 8);
		break;
	case HOW_SHORT:
		bytes = fuzz_take(&input, 1) % sizeof(*reply);
		break;
	case HOW_END:
		return 0;
	case HOW_PROTOCOL:
		reply->protocol = (uint32_t)fuzz_take(&input, 4);
		break;
	}
	for (uint64_t nr = fuzz_take(&input, 1) % 16; nr; nr--) {
		uint64_t at = fuzz_take(&input, 2);

		fuzz_put(window, MMU_HELPER_WINDOW_BYTES, at, 8, false, fuzz_take(&input, 8));
	}
	return bytes;
}

/* ------------------------------------------------------------------ calls that reach it */

#define WRAP(type, name, ...)                                                                      \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	*pid = getpid(); /* its processor time can be asked for */
	return 0;
}

WRAP(long, syscall, long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (unsigned int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (playing && number != SYS_memfd_create) {
		errno = ENOSYS; /* no descriptors of processes */
		return -1;
	}
	long fd = __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
				 arguments[4], arguments[5]);
	if (!playing || fd < 0)
		return fd;
	FUZZ_CHECK(!window);
	window = mmap(NULL, MMU_HELPER_WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd,
		      0);
	FUZZ_CHECK(window != MAP_FAILED);
	return fd;
}

/* The file has no descriptor: any other will do. */
WRAP(int, fcntl, int fd, int command, ...)
{
	va_list list;

	va_start(list, command);
	long argument = va_arg(list, long);
	va_end(list);
	return __real_fcntl(playing && fd < 0 ? STDERR_FILENO : fd, command, argument);
}

WRAP(ssize_t, send, int fd, const void *data, size_t bytes, int flags)
{
	if (!playing)
		return __real_send(fd, data, bytes, flags);
	FUZZ_CHECK(bytes == sizeof(request));
	memcpy(&request, data, sizeof(request));
	FUZZ_CHECK(request.kind != MMU_HELPER_PAGES || request.count <= MMU_HELPER_PAGES_MAX);
	how = (unsigned int)fuzz_take(&input, 1);
	interruptions = how & HOW_INTERRUPTED ? 2 : 0;
	if (!(how & HOW_DEAF))
		return (ssize_t)bytes;
	errno = EPIPE;
	return -1;
}

static bool interrupt(void)
{
	if (!interruptions)
		return false;
	interruptions--;
	errno = EINTR;
	return true;
}

WRAP(int, ppoll, struct pollfd *fds, nfds_t nr, const struct timespec *most, const sigset_t *mask)
{
	if (!playing)
		return __real_ppoll(fds, nr, most, mask);
	return interrupt() ? -1 : 1;
}

WRAP(ssize_t, recv, int fd, void *data, size_t bytes, int flags)
{
	struct mmu_helper_reply reply;

	if (!playing)
		return __real_recv(fd, data, bytes, flags);
	if (interrupt())
		return -1;
	size_t count = answer(&reply);
	FUZZ_CHECK(bytes >= sizeof(reply));
	memcpy(data, &reply, count);
	return (ssize_t)count;
}

WRAP(int, kill, pid_t pid, int signal)
{
	return playing ? 0 : __real_kill(pid, signal);
}

WRAP(int, waitid, idtype_t type, id_t id, siginfo_t *ret, int flags)
{
	if (!playing)
		return __real_waitid(type, id, ret, flags);
	uint64_t end = fuzz_take(&input, 2);
	ret->si_code = end & 1 ? CLD_EXITED : CLD_KILLED;
	ret->si_status = (int)(end >> 8);
	errno = ECHILD;
	return end & 2 ? -1 : 0;
}

/* ------------------------------------------------------------------ what must hold */

static uint64_t sum; /* what is read must be read */

static void look_at(struct mmu_cursor *cursor, uint64_t pa)
{
	struct mmu_span span = mmu_image_span(cursor, pa);

	FUZZ_CHECK(span.bytes && span.bytes - 1 <= UINT64_MAX - pa);
	FUZZ_CHECK(span.state <= MMU_PAGE_UNREADABLE);
	FUZZ_CHECK(!span.data == (span.state != MMU_PAGE_PRESENT));
	for (uint64_t i = 0; span.data && i < span.bytes; i++)
		sum += span.data[i];
}

static void check_text(const char *text)
{
	for (; *text; text++)
		FUZZ_CHECK(*text >= ' ' && *text < 0x7f);
}

static void look_at_image(struct mmu_image *image)
{
	struct mmu_cursor cursor;
	uint64_t end_pa = 0;

	check_text(image->format);
	check_text(image->release);
	check_text(image->machine);
	for (size_t i = 0; i < image->vmcoreinfo.count; i++)
		sum += image->vmcoreinfo.data[i];
	mmu_cursor_init(&cursor, image);
	look_at(&cursor, UINT64_MAX);
	for (size_t i = 0; i < image->nr_ram; i++) {
		FUZZ_CHECK(image->ram[i].first_pa <= image->ram[i].last_pa);
		FUZZ_CHECK(!i || image->ram[i].first_pa > end_pa);
		end_pa = image->ram[i].last_pa;
		if (i >= RANGES_MAX)
			continue;
		look_at(&cursor, end_pa);
		look_at(&cursor, end_pa + 1);
		for (uint64_t n = 0; n < LOOKS_MAX && i < 2; n++) /* page after page: it reads on */
			look_at(&cursor, image->ram[i].first_pa + n * image->page_bytes);
	}
	mmu_cursor_destroy(&cursor);
	mmu_error_destroy(mmu_image_failure(image));
}

/* ------------------------------------------------------------------ the target */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const char file[8192] = "DISKDUMP of a kind that no reader of ours knows";
	struct mmu_image *image = NULL;

	input = (struct fuzz_input){ data, bytes };
	files_put("image", file, sizeof(file), false);
	playing = true;
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = "image" }, &image);
	if (error) {
		check_text(mmu_error_message(error));
		mmu_error_destroy(error);
	} else {
		look_at_image(image);
		mmu_image_close(image);
	}
	playing = false;
	if (window)
		munmap(window, MMU_HELPER_WINDOW_BYTES);
	window = NULL;
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };

	if (bytes < 4 || fuzz_below(&random, 2))
		return LLVMFuzzerMutate(data, bytes, max);
	for (uint64_t n = 1 + fuzz_below(&random, 3); n; n--)
		fuzz_change(&random, data, bytes, fuzz_below(&random, bytes),
			    1u << fuzz_below(&random, 4), false);
	return bytes;
}

void fuzz_seeds(fuzz_seed_fn take)
{
	static const uint8_t kinds[] = { 0,         HOW_FAILED, HOW_COUNT,    HOW_STATES,
					 HOW_SHORT, HOW_END,    HOW_PROTOCOL, HOW_INTERRUPTED,
					 HOW_DEAF };

	/* the first, second, ... answer is of each kind, those before it are good */
	for (size_t at = 0; at < 7; at++) {
		for (size_t i = 0; i < sizeof(kinds); i++) {
			uint8_t one[64] = { 0 };
			char name[32];

			one[2 * at] = kinds[i];
			one[2 * at + 1] = 1;
			snprintf(name, sizeof(name), "answer-%zu-%u", at, kinds[i]);
			take(name, one, sizeof(one));
		}
	}
	/* each number of what an open file is, changed */
	for (size_t at = 0; at < sizeof(struct mmu_helper_info); at += 8) {
		uint8_t one[12] = { 0, 1 };
		char name[32];

		fuzz_put(one, sizeof(one), 2, 2, false, at);
		fuzz_put(one, sizeof(one), 4, 8, false, UINT64_MAX);
		snprintf(name, sizeof(name), "info-%zu", at);
		take(name, one, sizeof(one));
	}
}
