/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmu_confine(): what this process may still do, and what it may use of memory and time. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/confine.h"
#include "api/session.h"
#include "base/instrumented.h"
#include "base/landlock.h"
#include "base/seccomp.h"
#include "base/sized.h"
#include "image/lazy.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/*
 * Generous: an index of the frames of two spaces takes 64 bytes a range, and of what is on disk
 * each byte may be looked at many times. What is on disk counts, not what a header promises.
 */
#define DATA_BYTES (4 * GIB)
#define CPU_SECONDS UINT64_C(3600)
#define CPU_BYTES_A_SECOND MIB
/* SIGXCPU comes first; whoever ignores it is killed. */
#define CPU_SECONDS_AFTER 5

static struct mmu_confinement holds;

const struct mmu_confinement *mmu_confinement_get(void)
{
	return &holds;
}

static struct mmu_error *refused(const char *what)
{
	return mmu_error_os(errno, "this process can't be confined: %s", what);
}

/* ------------------------------------------------------------------ limits */

static uint64_t bytes_on_disk(const char *path)
{
	struct stat status;

	if (!path || stat(path, &status) < 0)
		return 0;
	if (!S_ISREG(status.st_mode))
		return UINT64_C(64) * GIB; /* a block device says nothing here */
	uint64_t blocks = (uint64_t)status.st_blocks * 512;
	/* /proc/kcore has no blocks: it is as big as the memory that is there */
	return blocks ? blocks
		      : (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t size_of_images(const struct mmu_confine_options *options)
{
	uint64_t bytes = 0;

	for (size_t i = 0; options->options && options->options[i]; i++) {
		const struct mmu_options *one = options->options[i];

		bytes += bytes_on_disk(one->image) + bytes_on_disk(one->vmlinux);
		for (size_t k = 0; one->parts && one->parts[k]; k++)
			bytes += bytes_on_disk(one->parts[k]);
		for (size_t k = 0; one->raw && one->raw[k]; k++)
			bytes += bytes_on_disk(one->raw[k]->path);
	}
	return bytes;
}

/* A limit that is lower already stays. @return whether it is ours now */
static bool lower(__rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	struct rlimit limit;

	if (getrlimit(what, &limit) < 0 || limit.rlim_cur <= soft)
		return false;
	limit.rlim_cur = soft;
	if (limit.rlim_max > hard)
		limit.rlim_max = hard;
	return setrlimit(what, &limit) == 0;
}

static void limit(const struct mmu_confine_options *options)
{
	uint64_t size = size_of_images(options);
	uint64_t data = DATA_BYTES + size, seconds = CPU_SECONDS + size / CPU_BYTES_A_SECOND;

	if (lower(RLIMIT_DATA, data, data))
		holds.data_bytes = data;
	if (lower(RLIMIT_CPU, seconds, seconds + CPU_SECONDS_AFTER))
		holds.cpu_seconds = seconds;
	holds.parts |= MMU_CONFINE_LIMITS;
}

/* ------------------------------------------------------------------ files and calls */

static struct mmu_error *confine_files(const struct mmu_confine_options *options)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return refused("no_new_privs");
	if (!mmu_landlock_abi()) {
		holds.lacks = "this kernel has no Landlock, or it is off";
		return NULL;
	}
	if (!mmu_confine_files(options))
		return refused("Landlock");
	holds.landlock_abi = (uint32_t)mmu_landlock_abi();
	holds.parts |= MMU_CONFINE_FILES;
	return NULL;
}

static bool has_calls(void)
{
	bool works = mmu_seccomp_works();

	if (!works)
		holds.lacks = "this kernel has no seccomp filters, or not for this architecture";
	return works;
}

static struct mmu_error *confine_calls(const struct mmu_confine_options *options)
{
	if (mmu_confine_asks_servers(options) || !has_calls())
		return NULL;
	if (!mmu_confine_calls(options->writable))
		return refused("seccomp");
	holds.parts |= MMU_CONFINE_CALLS;
	return NULL;
}

/* ------------------------------------------------------------------ sealed */

/* All of them, but what writes into a folder that is another user's, where that was asked for. */
static bool drop_privileges(bool writes)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	data[0].permitted &= writes ? 1u << CAP_DAC_OVERRIDE : 0;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){ 0 };
	return syscall(SYS_capset, &header, data) == 0;
}

static bool all_have_learnt(const struct mmu_confine_options *options)
{
	size_t nr = 0;

	for (; options->sessions && options->sessions[nr]; nr++)
		if (options->sessions[nr]->learnt == MMU_LEARN_NOT_YET)
			return false;
	return nr > 0;
}

static struct mmu_error *seal(const struct mmu_confine_options *options)
{
	if ((holds.parts & MMU_CONFINE_SEALED) || !all_have_learnt(options))
		return NULL;
	for (size_t i = 0; options->sessions[i]; i++) {
		struct mmu_vmlinux *vmlinux =
			mmu_fact_store_vmlinux(options->sessions[i]->kernel.facts);

		if (vmlinux)
			mmu_vmlinux_load_libraries(vmlinux);
		/* loads them, if they are others */
		mmu_kernel_cpu_arch(&options->sessions[i]->kernel, UINT32_MAX);
	}
	mmu_lazy_closed = true;
	if (!drop_privileges(options->writable))
		return refused("capabilities");
	holds.no_privileges = true;
	if (!has_calls())
		return NULL;
	if (!mmu_confine_seal(options->writable))
		return refused("seccomp");
	holds.parts |= MMU_CONFINE_SEALED;
	return NULL;
}

struct mmu_error *mmu_confine(const struct mmu_confine_options *options)
{
	const uint64_t all = MMU_CONFINE_FILES | MMU_CONFINE_LIMITS | MMU_CONFINE_CALLS |
			     MMU_CONFINE_SEALED;
	struct mmu_confine_options own;
	struct mmu_error *error = mmu_sized(options, &own);

	if (!error && own.parts & ~all)
		error = mmu_error_new(MMU_ERROR_INVALID, "options: an unknown part");
	if (error)
		return error;
	if (MMU_INSTRUMENTED) {
		holds.lacks = "this build is instrumented for tests";
		return NULL;
	}
	if (own.parts & MMU_CONFINE_LIMITS)
		limit(&own);
	if (own.parts & MMU_CONFINE_FILES)
		error = confine_files(&own);
	if (!error && own.parts & MMU_CONFINE_CALLS)
		error = confine_calls(&own);
	if (!error && own.parts & MMU_CONFINE_SEALED)
		error = seal(&own);
	return error;
}
