/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file The program that runs libkdumpfile: it confines itself, and then hands out pages of the one
 * dump that it was given, until the other side closes the socket.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/instrumented.h"
#include "base/landlock.h"
#include "base/seccomp.h"
#include "image/helper_dump.h"

#define MIB ((uint64_t)1 << 20)
/* Its libraries take 12 MiB of addresses; the rest is room for tables of the dump. */
#define SPACE_BYTES (128 * MIB)
#define SECONDS 60u
/* How often it looks, while it works, whether its parent still lives. */
#define LOOK_USEC 100000

static pid_t parent;

/* Only processor time counts: who waits for a request sees the end of the socket. */
static void on_tick(int signal)
{
	(void)signal;
	if (getppid() != parent)
		_exit(0);
}

static void look_after_parent(void)
{
	const struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
	const struct itimerval timer = { { 0, LOOK_USEC }, { 0, LOOK_USEC } };

	parent = getppid();
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &timer, NULL);
}

static bool limit(__rlimit_resource_t what, uint64_t most)
{
	struct rlimit limit;

	if (getrlimit(what, &limit) < 0)
		return false;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(what, &limit) == 0;
}

/* Real dumps of big machines have big tables: what a file may ask for grows with its blocks. */
static bool limit_all(void)
{
	struct stat status;

	if (fstat(MMU_HELPER_DUMP, &status) < 0)
		return false;
	uint64_t on_disk = (uint64_t)status.st_blocks * 512;
	uint64_t size = (uint64_t)status.st_size;
	uint64_t real = S_ISREG(status.st_mode) && on_disk < size ? on_disk : size;

	if (S_ISBLK(status.st_mode))
		real = UINT64_C(64) << 30;
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_AS, SPACE_BYTES + real) &&
	       limit(RLIMIT_CPU, SECONDS + real / MIB);
}

#define ALLOW(name)                                                                                \
	{                                                                                          \
		.number = SYS_##name, .verdict = MMU_CALL_ALLOW                                    \
	}
#define WITHOUT_EXEC(name)                                                                         \
	{                                                                                          \
		.number = SYS_##name, .verdict = MMU_CALL_ALLOW, .argument = 2, .mask = PROT_EXEC  \
	}

static bool forbid_calls(void)
{
	static const struct mmu_call_rule rules[] = {
		ALLOW(read),
		ALLOW(pread64),
		ALLOW(lseek),
		ALLOW(munmap),
		ALLOW(mremap),
		ALLOW(madvise),
		ALLOW(brk),
		ALLOW(futex),
		ALLOW(exit),
		ALLOW(exit_group),
		ALLOW(rt_sigreturn),
		ALLOW(getppid),
		ALLOW(fstat),
		ALLOW(clock_gettime),
		WITHOUT_EXEC(mprotect),
#ifdef SYS_newfstatat
		ALLOW(newfstatat),
#endif
#ifdef SYS_fstat64
		ALLOW(fstat64),
#endif
#ifdef SYS_fstatat64
		ALLOW(fstatat64),
#endif
#ifdef SYS__llseek
		ALLOW(_llseek),
#endif
#ifdef SYS_futex_time64
		ALLOW(futex_time64),
#endif
#ifdef SYS_clock_gettime64
		ALLOW(clock_gettime64),
#endif
#ifdef SYS_mmap
		WITHOUT_EXEC(mmap),
#endif
#ifdef SYS_mmap2
		WITHOUT_EXEC(mmap2),
#endif
#ifdef SYS_getrandom
		ALLOW(getrandom),
#endif
#ifdef SYS_recv
		ALLOW(recv),
#endif
#ifdef SYS_send
		ALLOW(send),
#endif
#ifdef SYS_recvfrom
		ALLOW(recvfrom),
#endif
#ifdef SYS_sendto
		ALLOW(sendto),
#endif
#ifdef SYS_sigreturn
		ALLOW(sigreturn),
#endif
	};

	return mmu_seccomp_enforce(rules, sizeof(rules) / sizeof(rules[0]), MMU_CALL_KILL);
}

static bool forbid_files(void)
{
	int rules = mmu_landlock_begin(false);

	return rules >= 0 && mmu_landlock_enforce(rules) && close(rules) == 0;
}

/* What the system has of it must work; one that has less gives less. */
static bool confine(void)
{
	if (MMU_INSTRUMENTED) /* a sanitizer needs more memory, and more calls */
		return true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return false;
	if (mmu_landlock_abi() && !forbid_files())
		return false;
	return limit_all() && (!mmu_seccomp_works() || forbid_calls());
}

static void close_others(void)
{
	for (int fd = 0; fd < MMU_HELPER_SOCKET; fd++)
		close(fd);
#ifdef SYS_close_range
	if (syscall(SYS_close_range, MMU_HELPER_WINDOW + 1, ~0u, 0) == 0)
		return;
#endif
	for (int fd = MMU_HELPER_WINDOW + 1; fd < 1024; fd++)
		close(fd);
}

/* A page that can't be touched follows. @return NULL: there is no memory */
static uint8_t *map_window(void)
{
	uint8_t *room = mmap(NULL, MMU_HELPER_WINDOW_BYTES + (size_t)getpagesize(), PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED || mmap(room, MMU_HELPER_WINDOW_BYTES, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_FIXED, MMU_HELPER_WINDOW, 0) == MAP_FAILED)
		return NULL;
	return room;
}

int main(void)
{
	struct mmu_helper_request request;
	struct mmu_helper_reply reply;
	struct stat status;

	if (fstat(MMU_HELPER_SOCKET, &status) < 0 || !S_ISSOCK(status.st_mode)) {
		fprintf(stderr, MMU_HELPER_NAME ": is started by mmuscope alone\n");
		return 2;
	}
	close_others();
	uint8_t *window = map_window();
	if (!window)
		return 3;
	close(MMU_HELPER_WINDOW);
	look_after_parent();
	if (!confine())
		return 4;
	while (recv(MMU_HELPER_SOCKET, &request, sizeof(request), 0) == (ssize_t)sizeof(request) &&
	       request.protocol == MMU_HELPER_PROTOCOL) {
		mmu_helper_answer(&request, window, &reply);
		if (send(MMU_HELPER_SOCKET, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0); /* kdump_free() of 0.5.1 uses what it has freed before */
}
