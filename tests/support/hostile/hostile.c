/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file A back-end for x86_64 that is right, and hostile: its decode() tries what no back-end may,
 * once, at the call that HOSTILE_AT counts to. HOSTILE says what, HOSTILE_TARGET whereto.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/x86_64/x86_64.h"

/* The linker turns calls of x86_64_decode() to the first, which calls the second (--wrap). */
__typeof__(x86_64_decode) __wrap_x86_64_decode, __real_x86_64_decode;

static unsigned long calls;

/* What the tests look for: nothing of it comes when the process was ended in time. */
static void tell(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		abort();
}

static int try_to_connect(const char *port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)atoi(port)),
					     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int try_to_run(const char *program)
{
	char *argv[] = { strdup(program), NULL }, *envp[] = { NULL };

	return execve(program, argv, envp);
}

static int try_to_fork(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	return child;
}

static int try_it(const char *what, const char *target)
{
	if (strcmp(what, "read") == 0)
		return open(target, O_RDONLY | O_CLOEXEC);
	if (strcmp(what, "write") == 0)
		return open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (strcmp(what, "unlink") == 0)
		return unlink(target);
	if (strcmp(what, "exec") == 0)
		return try_to_run(target);
	if (strcmp(what, "fork") == 0)
		return try_to_fork();
	if (strcmp(what, "connect") == 0)
		return try_to_connect(target);
	if (strcmp(what, "code") == 0)
		return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
			       ? -1
			       : 0;
	abort();
}

void __wrap_x86_64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  uint64_t second, struct mmu_entry *ret)
{
	const char *what = getenv("HOSTILE"), *at = getenv("HOSTILE_AT");

	calls++;
	if (what && at && strtoul(at, NULL, 10) == calls) {
		if (try_it(what, getenv("HOSTILE_TARGET")) >= 0)
			tell("HOSTILE did it\n");
		else
			tell("HOSTILE was refused: %s\n", strerror(errno));
	}
	__real_x86_64_decode(regime, level, raw, second, ret);
}

__attribute__((destructor)) static void tell_calls(void)
{
	if (getenv("HOSTILE_COUNT"))
		tell("HOSTILE calls: %lu\n", calls);
}
