/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which system calls a confined process may make, by what it still has to do. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include "api/confine.h"
#include "base/seccomp.h"

#define ALLOW(name)                                                                                \
	{                                                                                          \
		.number = SYS_##name, .verdict = MMU_CALL_ALLOW                                    \
	}
#define ALLOW_IF(name, at, bits, is)                                                               \
	{                                                                                          \
		.number = SYS_##name, .verdict = MMU_CALL_ALLOW, .argument = (at),                 \
		.mask = (uint32_t)(bits), .value = (uint32_t)(is)                                  \
	}

/* Every bit of the flags that lets a file be written, or made. */
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

/* s390x swaps the first two arguments of clone(). */
#ifdef __s390x__
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif

/*
 * Reading what is open, memory, threads, output, talking to the helper. No memory that is written
 * becomes code, and no process is made: clone3() has its flags in memory, where no filter sees
 * them, so it is not there, and the C library takes clone().
 */
static const struct mmu_call_rule always[] = {
	ALLOW(read),
	ALLOW(readv),
	ALLOW(pread64),
	ALLOW(write),
	ALLOW(writev),
	ALLOW(lseek),
	ALLOW(close),
	ALLOW(fstat),
	ALLOW(ftruncate),
	ALLOW(fchmod),
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(madvise),
	ALLOW(brk),
	ALLOW(futex),
	ALLOW(exit),
	ALLOW(exit_group),
	ALLOW(rt_sigaction),
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(sigaltstack),
	ALLOW(restart_syscall),
	ALLOW(clock_gettime),
	ALLOW(clock_getres),
	ALLOW(clock_nanosleep),
	ALLOW(nanosleep),
	ALLOW(sched_getaffinity),
	ALLOW(sched_yield),
	ALLOW(set_robust_list),
	ALLOW(gettid),
	ALLOW(getpid),
	ALLOW(tgkill),
	ALLOW(ppoll),
	ALLOW(waitid),
	ALLOW(sysinfo), /* qsort() asks how much memory there is */
	ALLOW(sendto),
	ALLOW(recvfrom),
	ALLOW_IF(fcntl, 1, ~0u, F_GETFL),
	ALLOW_IF(fcntl, 1, ~0u, F_GETFD),
	ALLOW_IF(ioctl, 1, ~0u, TCGETS),
	ALLOW_IF(ioctl, 1, ~0u, TIOCGWINSZ),
	ALLOW_IF(prlimit64, 2, ~0u, 0), /* no new limit */
	ALLOW_IF(mprotect, 2, PROT_EXEC, 0),
	ALLOW_IF(clone, CLONE_FLAGS_AT, CLONE_THREAD, CLONE_THREAD),
#ifdef SYS_clone3
	{ .number = SYS_clone3, .verdict = MMU_CALL_MISSING },
#endif
#ifdef SYS_rseq
	ALLOW(rseq),
#endif
#ifdef SYS_getrandom
	ALLOW(getrandom),
#endif
#ifdef SYS_pidfd_send_signal
	ALLOW(pidfd_send_signal),
#endif
#ifdef SYS_mmap
	ALLOW_IF(mmap, 2, PROT_EXEC, 0),
#endif
#ifdef SYS_mmap2
	ALLOW_IF(mmap2, 2, PROT_EXEC, 0),
#endif
#ifdef SYS_poll
	ALLOW(poll),
#endif
#ifdef SYS_newfstatat
	ALLOW(newfstatat),
#endif
#ifdef SYS_fstat64
	ALLOW(fstat64),
#endif
#ifdef SYS_fstatat64
	ALLOW(fstatat64),
#endif
#ifdef SYS_statx
	ALLOW(statx),
#endif
#ifdef SYS__llseek
	ALLOW(_llseek),
#endif
#ifdef SYS_ftruncate64
	ALLOW(ftruncate64),
#endif
#ifdef SYS_fcntl64
	ALLOW_IF(fcntl64, 1, ~0u, F_GETFL),
	ALLOW_IF(fcntl64, 1, ~0u, F_GETFD),
#endif
#ifdef SYS_ugetrlimit
	ALLOW(ugetrlimit),
#endif
#ifdef SYS_sigreturn
	ALLOW(sigreturn),
#endif
#ifdef SYS_futex_time64
	ALLOW(futex_time64),
#endif
#ifdef SYS_clock_gettime64
	ALLOW(clock_gettime64),
	ALLOW(clock_getres_time64),
#endif
#ifdef SYS_clock_nanosleep_time64
	ALLOW(clock_nanosleep_time64),
#endif
#ifdef SYS_ppoll_time64
	ALLOW(ppoll_time64),
#endif
};

/* Looking for debug files, and loading back-ends and libraries; and confining itself further. */
static const struct mmu_call_rule learning[] = {
	ALLOW_IF(openat, 2, WRITING, O_RDONLY),
	ALLOW(faccessat),
	ALLOW(readlinkat),
	ALLOW(getdents64),
	ALLOW(getcwd),
	ALLOW(statfs),
	ALLOW(fstatfs),
	ALLOW(uname),
	ALLOW(fcntl),
	ALLOW(ioctl),
	ALLOW(mprotect),
	ALLOW(prctl),
	ALLOW(capget),
	ALLOW(capset),
	ALLOW(geteuid),
	ALLOW(seccomp),
#ifdef SYS_open
	ALLOW_IF(open, 1, WRITING, O_RDONLY),
	ALLOW(access),
	ALLOW(readlink),
	ALLOW(stat),
	ALLOW(lstat),
#endif
#ifdef SYS_faccessat2
	ALLOW(faccessat2),
#endif
#ifdef SYS_mmap
	ALLOW(mmap),
#endif
#ifdef SYS_mmap2
	ALLOW(mmap2),
#endif
#ifdef SYS_stat64
	ALLOW(stat64),
	ALLOW(lstat64),
#endif
#ifdef SYS_statfs64
	ALLOW(statfs64),
	ALLOW(fstatfs64),
#endif
#ifdef SYS_fcntl64
	ALLOW(fcntl64),
#endif
#ifdef SYS_geteuid32
	ALLOW(geteuid32),
#endif
};

/* A new file, and the name that it gets when it is whole (base/newfile.c). Landlock says where. */
static const struct mmu_call_rule writing[] = {
	ALLOW(openat),     ALLOW(renameat2), ALLOW(linkat),    ALLOW(unlinkat),
	ALLOW(pwrite64),   ALLOW(fallocate), ALLOW(faccessat),
#ifdef SYS_faccessat2
	ALLOW(faccessat2),
#endif
#ifdef SYS_open
	ALLOW(open),       ALLOW(link),      ALLOW(unlink),    ALLOW(access),
#endif
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The rules that all have, and some more. */
static bool enforce(const struct mmu_call_rule *more, size_t nr, bool writes)
{
	struct mmu_call_rule rules[COUNT(always) + COUNT(learning) + COUNT(writing)];

	memcpy(rules, always, sizeof(always));
	memcpy(rules + COUNT(always), more, nr * sizeof(*more));
	nr += COUNT(always);
	if (writes) {
		memcpy(rules + nr, writing, sizeof(writing));
		nr += COUNT(writing);
	}
	return mmu_seccomp_enforce(rules, nr, MMU_CALL_TRAP);
}

bool mmu_confine_calls(bool writes)
{
	return enforce(learning, COUNT(learning), writes);
}

/* malloc() of glibc opens /proc/sys/vm/overcommit_memory, and can do without it. */
static const struct mmu_call_rule sealed[] = {
	{ SYS_openat, MMU_CALL_REFUSE, 2, WRITING, O_RDONLY },
#ifdef SYS_open
	{ SYS_open, MMU_CALL_REFUSE, 1, WRITING, O_RDONLY },
#endif
};

bool mmu_confine_seal(bool writes)
{
	return enforce(sealed, writes ? 0 : COUNT(sealed), writes);
}
