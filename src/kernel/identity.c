/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Do image, notes and vmlinux belong together? By their ids, and the banner in memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* "SYMBOL(name)=..." of VMCOREINFO. @return false: another line, or System.map does not have it */
static bool in_both(const struct mmu_facts *facts, const char *text, size_t bytes, char *ret_name,
		    size_t size, uint64_t *ret_run_va, uint64_t *ret_link_va)
{
	static const char head[] = "SYMBOL(";
	char line[128];

	if (bytes <= strlen(head) || bytes >= sizeof(line) || memcmp(text, head, strlen(head)) != 0)
		return false;
	snprintf(line, sizeof(line), "%.*s", (int)bytes, text);
	const char *equals = strchr(line, '=');
	if (!equals || equals[-1] != ')')
		return false;
	snprintf(ret_name, size, "%.*s", (int)(equals - 1 - line - strlen(head)),
		 line + strlen(head));
	*ret_run_va = strtoull(equals + 1, NULL, 16);
	/* that line holds the pointer's value */
	return strcmp(ret_name, "mem_section") != 0 &&
	       facts->link_symbol(facts->context, ret_name, ret_link_va);
}

/*
 * A System.map has no build-id. But VMCOREINFO has the addresses of some twenty symbols, in all
 * parts of the kernel: those of another build differ.
 */
struct mmu_error *mmu_identity_check_map(struct mmu_kernel *kernel)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(kernel->facts);
	const char *path = mmu_fact_store_system_map(kernel->facts);
	struct mmu_bytes text = mmu_fact_store_vmcoreinfo(kernel->facts, NULL);
	const char *at = (const char *)text.data, *end = at ? at + text.count : NULL;
	uint64_t run_va, link_va, slide, text_va = 0;
	unsigned int same = 0;
	char name[128];

	if (!mmu_fact_get(kernel->facts, "KERNELOFFSET", &slide))
		return NULL;
	facts->link_symbol(facts->context, "_text", &text_va);
	for (const char *next; at && at < end; at = next) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		next = newline ? newline + 1 : end;
		if (!in_both(facts, at, (size_t)(next - at), name, sizeof(name), &run_va, &link_va))
			continue;
		bool right = link_va < text_va || run_va == link_va + slide;
		same += right;
		if (right || kernel->options.force)
			continue;
		return mmu_error_remedy(
			mmu_error_new(MMU_ERROR_MISMATCH,
				      "%s does not belong to %s: it has %s at 0x%" PRIx64
				      ", VMCOREINFO at 0x%" PRIx64 " with a slide of 0x%" PRIx64,
				      path, kernel->image->file.path, name, link_va, run_va, slide),
			MMU_REMEDY_FORCE);
	}
	if (same > 1) /* one alone may be what the slide is from */
		mmu_fact_derive(kernel->facts, "verified(System.map)", same,
				"so many of its symbols are where VMCOREINFO has them", 0);
	return NULL;
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
static struct mmu_error *check_unproved(struct mmu_kernel *kernel, struct mmu_vmlinux *vmlinux)
{
	char theirs[41] = "";
	uint64_t value;

	if (mmu_fact_store_system_map(kernel->facts) &&
	    !mmu_fact_get(kernel->facts, "verified(System.map)", &value))
		mmu_kernel_warn(kernel, "nothing in the image proves that System.map is that of "
					"its "
					"kernel");
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
	const char *map = mmu_fact_store_system_map(kernel->facts);
	struct mmu_error *error = mmu_error_new(MMU_ERROR_MISMATCH,
						"%s does not belong to %s: at linux_banner "
						"(virtual 0x%" PRIx64 ") memory holds '%s%.60s', "
						"not '%s%.60s'",
						vmlinux ? mmu_vmlinux_path(vmlinux)
						: map   ? map
							: "VMCOREINFO",
						kernel->image->file.path, va, same ? "..." : "",
						seen + same, same ? "..." : "", expected + same);
	return mmu_error_remedy(error, MMU_REMEDY_FORCE);
}

void mmu_identity_banner(const struct mmu_kernel *kernel, char ret[MMU_BANNER_BYTES])
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);

	if (vmlinux)
		snprintf(ret, MMU_BANNER_BYTES, "%s", mmu_vmlinux_banner(vmlinux));
	else
		snprintf(ret, MMU_BANNER_BYTES, "Linux version %s%s", kernel->release,
			 kernel->release[0] ? " " : "");
}

/*
 * The banner in memory is the proof that slide, phys_base and symbols are right: it is vmlinux's,
 * or at least names the release that the notes name.
 */
struct mmu_error *mmu_identity_check_banner(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	char expected[MMU_BANNER_BYTES], seen[MMU_BANNER_BYTES] = "";
	uint64_t va;

	mmu_identity_banner(kernel, expected);
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
