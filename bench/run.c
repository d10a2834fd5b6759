/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Time a process, and tell its peak memory: run RESULT COMMAND...
 *
 * A process inherits the peak memory of the one that started it, so a Python script can't measure
 * what is smaller than itself; this can. RESULT gets "SECONDS KIB STATUS CPU-SECONDS".
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double of_timeval(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	pid_t pid;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: run RESULT COMMAND...\n");
		return 2;
	}
	double start = now();
	int error = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (error) {
		fprintf(stderr, "run: %s: %s\n", argv[2], strerror(error));
		return 3;
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 3;
	double seconds = now() - start;
	FILE *result = fopen(argv[1], "w");
	if (!result)
		return 3;
	fprintf(result, "%.9f %ld %d %.6f\n", seconds, usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime));
	return fclose(result) ? 3 : 0;
}
