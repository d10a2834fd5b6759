/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Do image, notes and vmlinux belong together? By their ids, and the banner in memory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/identity.h"

static void bytes_to_hex(struct mmu_bytes bytes, char *ret, size_t size)
{
	ret[0] = '\0';
	for (uint64_t i = 0; i < bytes.count && 2 * i + 2 < size; i++)
		sprintf(ret + 2 * i, "%02x", bytes.data[i]);
}

/*
 * Do vmlinux and image belong together, as far as their ids tell? Some kernels write garbage as
 * BUILD-ID (6.1.113 to 6.1.118 and others), so an id that differs is only final when the releases
 * differ too: otherwise the banner in memory decides, later.
 */
struct mmu_error *mmu_identity_compare_ids(const struct mmu_kernel *kernel,
					   struct mmu_vmlinux *vmlinux)
{
	char theirs[41];
	const char *banner = mmu_vmlinux_banner(vmlinux);
	size_t release_bytes = strlen(kernel->release);
	static const char intro[] = "Linux version ";

	bytes_to_hex(mmu_vmlinux_build_id(vmlinux), theirs, sizeof(theirs));
	if (kernel->options.force || (kernel->build_id[0] && strcmp(theirs, kernel->build_id) == 0))
		return NULL;
	bool release_differs = release_bytes && banner[0] &&
			       (strncmp(banner, intro, strlen(intro)) != 0 ||
				strncmp(banner + strlen(intro), kernel->release, release_bytes) !=
					0 ||
				banner[strlen(intro) + release_bytes] != ' ');
	if (!release_differs)
		return NULL;
	struct mmu_error *error = mmu_error_new(
		MMU_ERROR_MISMATCH,
		"%s does not belong to %s: it is %s (build-id %s), the image is of %s "
		"(build-id %s)",
		mmu_vmlinux_path(vmlinux), kernel->image->file.path,
		banner[0] ? banner : "of an unknown release", theirs[0] ? theirs : "none",
		kernel->release, kernel->build_id[0] ? kernel->build_id : "not known");
	return mmu_error_remedy(error, MMU_REMEDY_FORCE);
}

/* Nobody has told the release: the banner does, in its third word. */
static void read_release(struct mmu_kernel *kernel, struct mmu_memory *memory, uint64_t va)
{
	char word[sizeof(kernel->release)] = "";
	struct mmu_error *error = mmu_memory_read(memory, va, word, sizeof(word) - 1, "banner");
	size_t bytes = strcspn(word, " ");

	if (!error && word[bytes])
		memcpy(kernel->release, word, bytes);
	mmu_error_destroy(error);
}

/* Nothing in memory tells whether vmlinux is this kernel's: then its id must not deny it. */
static struct mmu_error *check_unproved(const struct mmu_kernel *kernel,
					struct mmu_vmlinux *vmlinux)
{
	char theirs[41] = "";

	if (vmlinux)
		bytes_to_hex(mmu_vmlinux_build_id(vmlinux), theirs, sizeof(theirs));
	if (kernel->options.force || !kernel->build_id[0] || !theirs[0] ||
	    strcmp(theirs, kernel->build_id) == 0)
		return NULL;
	struct mmu_error *error = mmu_error_new(MMU_ERROR_MISMATCH,
						"%s does not seem to belong to %s: its build-id is "
						"%s, not %s, and no "
						"banner in both says that they do",
						mmu_vmlinux_path(vmlinux), kernel->image->file.path,
						theirs, kernel->build_id);
	return mmu_error_remedy(error, MMU_REMEDY_FORCE);
}

static struct mmu_error *wrong_banner(const struct mmu_kernel *kernel, struct mmu_vmlinux *vmlinux,
				      uint64_t va, char *seen, const char *expected)
{
	size_t same = 0;

	for (char *at = seen; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '.';
	while (seen[same] && seen[same] == expected[same])
		same++;
	same -= same < 16 ? same : 16; /* builds of one release differ at the end */
	struct mmu_error *error = mmu_error_new(MMU_ERROR_MISMATCH,
						"%s does not belong to %s: at linux_banner "
						"(virtual 0x%" PRIx64 ") memory holds '%s%.60s', "
						"not '%s%.60s'",
						vmlinux ? mmu_vmlinux_path(vmlinux) : "VMCOREINFO",
						kernel->image->file.path, va, same ? "..." : "",
						seen + same, same ? "..." : "", expected + same);
	return mmu_error_remedy(error, MMU_REMEDY_FORCE);
}

/*
 * The banner in memory is the proof that slide, phys_base and symbols are right: it is vmlinux's,
 * or at least names the release that the notes name.
 */
struct mmu_error *mmu_identity_check_banner(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	char expected[256] = "", seen[256] = "";
	uint64_t va;

	if (vmlinux) /* a separate debug file has none */
		snprintf(expected, sizeof(expected), "%s", mmu_vmlinux_banner(vmlinux));
	else if (kernel->release[0])
		snprintf(expected, sizeof(expected), "Linux version %s ", kernel->release);
	else
		snprintf(expected, sizeof(expected), "Linux version ");
	if (!expected[0] || !mmu_fact_get(kernel->facts, "SYMBOL(linux_banner)", &va))
		return check_unproved(kernel, vmlinux);
	struct mmu_error *error = mmu_memory_read(memory, va, seen, strlen(expected),
						  "linux_banner");
	if (error) { /* left out by makedumpfile, or truncated */
		mmu_error_destroy(error);
		return check_unproved(kernel, vmlinux);
	}
	if (strcmp(seen, expected) == 0) {
		mmu_fact_derive(kernel->facts, "verified(linux_banner)", va,
				vmlinux              ? "the banner in memory is vmlinux's"
				: kernel->release[0] ? "the banner in memory names the release of "
						       "the notes"
						     : "a banner is there",
				0);
		if (!vmlinux && !kernel->release[0])
			read_release(kernel, memory, va + strlen(expected));
		return NULL;
	}
	return kernel->options.force ? NULL : wrong_banner(kernel, vmlinux, va, seen, expected);
}
