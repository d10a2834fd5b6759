/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A process of its own for libkdumpfile: how it is started, asked and ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/place.h"
#include "image/helper.h"

/* Processor time that an answer may take, and time on the clock: a disk may be slow. */
#define ANSWER_CPU_MS 1200
#define ANSWER_MS 60000
#define LOOK_MS 50

/* Descriptors are moved up here first: the child's own numbers must not be in the way. */
#define FD_ABOVE 16

#define MEMFD_FLAGS (MFD_CLOEXEC | MFD_ALLOW_SEALING)
#define MEMFD_NOEXEC_SEAL 8u /* Linux 6.3 */
/* glibc knows them since 2.36; the numbers are the same on every architecture but alpha. */
#define CALL_PIDFD_OPEN 434
#define CALL_PIDFD_SEND_SIGNAL 424
#define ID_PIDFD 3

struct mmu_helper {
	pid_t pid;
	int pidfd; /* -1: this kernel has none, or it has ended */
	int socket;
	const uint8_t *window;
	struct mmu_error *failure; /* NULL: it works */
};

/* ------------------------------------------------------------------ where it is */

/* A path below the library's directory that is as trustworthy as the library. */
static bool is_beside(const char *library, const struct stat *status, const char *way, char *ret,
		      size_t size)
{
	char *file MMU_FREE = NULL;

	if (asprintf(&file, "%s/%s/" MMU_HELPER_NAME, library, way) < 0) {
		file = NULL;
		return false;
	}
	char *real MMU_FREE = realpath(file, NULL);
	if (!real || strlen(real) >= size || !mmu_place_is_trusted(real, status, S_IFREG))
		return false;
	strcpy(ret, real);
	*strrchr(real, '/') = '\0';
	return mmu_place_is_trusted(real, status, S_IFDIR);
}

void mmu_helper_path(char *ret, size_t size)
{
	static const char *const ways[] = { MMU_HELPER_FROM_LIBRARY, MMU_HELPER_FROM_BUILD };
	const char *chosen = secure_getenv("MMUSCOPE_HELPER");
	struct stat status;

	if (chosen && chosen[0] == '/' && strlen(chosen) < size) {
		strcpy(ret, chosen);
		return;
	}
	char *library MMU_FREE = mmu_own_path();
	if (library && stat(library, &status) == 0) {
		*strrchr(library, '/') = '\0';
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			if (*ways[i] && is_beside(library, &status, ways[i], ret, size))
				return;
	}
	snprintf(ret, size, "%s", MMU_HELPER_DIR "/" MMU_HELPER_NAME);
}

/* ------------------------------------------------------------------ how it is started */

static int window_fd(void)
{
	int fd = (int)syscall(SYS_memfd_create, MMU_HELPER_NAME, MEMFD_FLAGS | MEMFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_memfd_create, MMU_HELPER_NAME, MEMFD_FLAGS);
	/* nobody can make it shorter while the other reads */
	if (fd >= 0 && (ftruncate(fd, MMU_HELPER_WINDOW_BYTES) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Takes `fd`, which may be -1. */
static int move_up(int fd)
{
	MMU_CLOSE int old = fd;

	return old < 0 ? -1 : fcntl(old, F_DUPFD_CLOEXEC, FD_ABOVE);
}

/* Nothing of ours goes along: no descriptor, no signal mask, no environment. */
static int spawn(const char *path, const int fds[3], pid_t *ret)
{
	char name[] = MMU_HELPER_NAME, *argv[] = { name, NULL }, *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attributes, 0); /* a terminal's Ctrl-C is for us alone */
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attributes, &set);
	int code = 0;
	for (int i = 0; i < 3 && !code; i++)
		code = posix_spawn_file_actions_adddup2(&actions, fds[i], MMU_HELPER_SOCKET + i);
	if (!code)
		code = posix_spawn(ret, path, &actions, &attributes, argv, envp);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static struct mmu_error *start(struct mmu_helper *helper, const struct mmu_file *file)
{
	char path[4096];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return mmu_error_os(errno, "a socket for " MMU_HELPER_NAME);
	helper->socket = pair[0];
	MMU_CLOSE int theirs = move_up(pair[1]);
	MMU_CLOSE int dump = fcntl(file->fd, F_DUPFD_CLOEXEC, FD_ABOVE);
	MMU_CLOSE int window = move_up(window_fd());
	if (theirs < 0 || dump < 0 || window < 0)
		return mmu_error_os(errno, "descriptors for " MMU_HELPER_NAME);
	void *map = mmap(NULL, MMU_HELPER_WINDOW_BYTES, PROT_READ, MAP_SHARED, window, 0);
	if (map == MAP_FAILED)
		return mmu_error_os(errno, "a window for " MMU_HELPER_NAME);
	helper->window = map;
	mmu_helper_path(path, sizeof(path));
	int code = spawn(path, (const int[]){ theirs, dump, window }, &helper->pid);
	if (code) {
		helper->pid = 0;
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "%s: %s", path, strerror(code));
	}
	helper->pidfd = (int)syscall(CALL_PIDFD_OPEN, helper->pid, 0);
	return NULL;
}

struct mmu_error *mmu_helper_start(const struct mmu_file *file, struct mmu_helper **ret)
{
	struct mmu_helper *helper = calloc(1, sizeof(*helper));

	if (!helper)
		return mmu_error_no_memory();
	helper->pidfd = helper->socket = -1;
	struct mmu_error *error = start(helper, file);
	if (error) {
		mmu_helper_stop(helper);
		return error;
	}
	*ret = helper;
	return NULL;
}

/* ------------------------------------------------------------------ how it ends */

/* @return false: somebody else in this process has waited for it */
static bool end(struct mmu_helper *helper, bool kill_it, siginfo_t *ret)
{
	int waited;

	memset(ret, 0, sizeof(*ret));
	if (kill_it && helper->pidfd >= 0)
		syscall(CALL_PIDFD_SEND_SIGNAL, helper->pidfd, SIGKILL, NULL, 0);
	else if (kill_it)
		kill(helper->pid, SIGKILL);
	do {
		waited = helper->pidfd >= 0
				 ? waitid((idtype_t)ID_PIDFD, (id_t)helper->pidfd, ret, WEXITED)
				 : waitid(P_PID, (id_t)helper->pid, ret, WEXITED);
	} while (waited < 0 && errno == EINTR);
	helper->pid = 0;
	return waited == 0;
}

void mmu_helper_stop(struct mmu_helper *helper)
{
	siginfo_t how;

	if (!helper)
		return;
	if (helper->pid)
		end(helper, true, &how);
	if (helper->window)
		munmap((void *)helper->window, MMU_HELPER_WINDOW_BYTES);
	if (helper->socket >= 0)
		close(helper->socket);
	if (helper->pidfd >= 0)
		close(helper->pidfd);
	mmu_error_destroy(helper->failure);
	free(helper);
}

static struct mmu_error *what_ended_it(const siginfo_t *how)
{
	if (how->si_code == CLD_EXITED && how->si_status == 127)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, MMU_HELPER_NAME " does not start: "
									    "libkdumpfile is "
									    "missing, or "
									    "of another version");
	if (how->si_code == CLD_EXITED)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "libkdumpfile can't read it: its process ended with status %d",
				     how->si_status);
	return mmu_error_new(MMU_ERROR_FORMAT,
			     "libkdumpfile can't read it: its process died by signal %d (%s)",
			     how->si_status, strsignal(how->si_status));
}

/* Keeps the reason, and gives a copy. @param why  NULL: it has ended by itself; taken */
static struct mmu_error *give_up(struct mmu_helper *helper, struct mmu_error *why)
{
	siginfo_t how;
	bool known = end(helper, why, &how);

	if (!why)
		why = known ? what_ended_it(&how)
			    : mmu_error_new(MMU_ERROR_FORMAT, "libkdumpfile can't read it: its "
							      "process has ended");
	helper->failure = why;
	return mmu_error_copy(why);
}

/* ------------------------------------------------------------------ how it is asked */

static int64_t milliseconds(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* @return whether there is something to read: an answer, or the end; false: it takes too long */
static bool wait_for_answer(struct mmu_helper *helper)
{
	struct pollfd poll_fd = { .fd = helper->socket, .events = POLLIN };
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000 };
	int64_t begin = milliseconds(CLOCK_MONOTONIC), cpu_begin = 0;
	clockid_t cpu;
	bool has_cpu = clock_getcpuclockid(helper->pid, &cpu) == 0;

	if (has_cpu)
		cpu_begin = milliseconds(cpu);
	for (;;) {
		int ready = ppoll(&poll_fd, 1, &look, NULL);

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true;
		if (milliseconds(CLOCK_MONOTONIC) - begin > ANSWER_MS ||
		    (has_cpu && milliseconds(cpu) - cpu_begin > ANSWER_CPU_MS))
			return false;
	}
}

/* Is the answer one to that question, as far as lengths go? */
static bool makes_sense(const struct mmu_helper_reply *reply, enum mmu_helper_kind kind,
			uint32_t count)
{
	if (reply->protocol != MMU_HELPER_PROTOCOL || reply->status > MMU_HELPER_FAILED ||
	    (reply->status != MMU_HELPER_DONE && kind != MMU_HELPER_OPEN))
		return false;
	switch (kind) {
	case MMU_HELPER_OPEN:
		return reply->status != MMU_HELPER_DONE ||
		       reply->count == sizeof(struct mmu_helper_info);
	case MMU_HELPER_RAM:
	case MMU_HELPER_PRESENT:
		return reply->count <= MMU_HELPER_RANGES_MAX;
	case MMU_HELPER_PAGES:
		for (uint32_t i = 0; i < MMU_HELPER_PAGES_MAX; i++)
			if (reply->state[i] > MMU_PAGE_UNREADABLE)
				return false;
		return reply->count == count;
	default:
		return reply->count <= count;
	}
}

struct mmu_error *mmu_helper_ask(struct mmu_helper *helper, enum mmu_helper_kind kind,
				 uint64_t first, uint32_t count, struct mmu_helper_reply *ret)
{
	const struct mmu_helper_request request = {
		.protocol = MMU_HELPER_PROTOCOL, .kind = kind, .first = first, .count = count
	};
	struct mmu_helper_reply reply;
	ssize_t bytes = -1;

	if (helper->failure)
		return mmu_error_copy(helper->failure);
	if (send(helper->socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return give_up(helper, NULL);
	if (!wait_for_answer(helper))
		return give_up(helper, mmu_error_new(MMU_ERROR_FORMAT, "libkdumpfile can't read "
								       "it: it works for more than "
								       "a second, and gives no "
								       "answer"));
	do {
		bytes = recv(helper->socket, &reply, sizeof(reply), MSG_DONTWAIT);
	} while (bytes < 0 && errno == EINTR);
	if (bytes <= 0)
		return give_up(helper, NULL);
	if (bytes != (ssize_t)sizeof(reply) || !makes_sense(&reply, kind, count))
		return give_up(helper, mmu_error_new(MMU_ERROR_FORMAT, "libkdumpfile can't read "
								       "it: its process "
								       "gave an answer that makes "
								       "no sense"));
	*ret = reply;
	return NULL;
}

const uint8_t *mmu_helper_window(const struct mmu_helper *helper)
{
	return helper->window;
}
