/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Much of everything, for `./dev bench`: very many tasks, or one with very many pages. */
#include "guest.h"

#include <stddef.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define FOLLOWERS_VMAS 8
#define TRIES_MAX 65536

static void be_follower(void)
{
	for (size_t i = 0; i < FOLLOWERS_VMAS; i++) {
		/* neighbours whose rights differ stay two VMAs */
		int prot = i % 2 ? RW : RW | PROT_EXEC;
		char *at = mmap(NULL, 4 * page_bytes, prot, ANON, -1, 0);

		if (at != MAP_FAILED)
			*at = 1;
	}
}

/* Every second page first: no two neighbours get frames that are neighbours. */
static void be_large(void)
{
	size_t pages = ((size_t)parameter("large_mib") << 20) / page_bytes;
	char *at = mmap(NULL, pages * page_bytes, RW, ANON | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		say("large does not come up");
		_exit(1);
	}
	madvise(at, pages * page_bytes, MADV_NOHUGEPAGE);
	for (size_t first = 0; first < 2; first++)
		for (size_t i = first; i < pages; i += 2)
			*(size_t *)(at + i * page_bytes) = i;
}

void start_heavy(void)
{
	struct sysinfo now;

	if (parameter("large_mib"))
		spawn("large", be_large);
	for (size_t i = 0; i < TRIES_MAX; i++) {
		if (sysinfo(&now) < 0 || now.procs >= parameter("tasks"))
			break;
		if (spawn("follower", be_follower) < 0) {
			say("follower %zu does not come up", i);
			break;
		}
	}
}
