/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file vm_flags by their letters: show_smap_vma_flags() in fs/proc/task_mmu.c. */
#include <string.h>

#include "objects/vma_flags.h"

/* What tells when bits got another meaning. */
struct era_fields {
	struct mmu_field rb, ctime;
};

static const struct mmu_field_def era_defs[] = {
	/* 6.1 took it away, 5.15 VM_DENYWRITE (8d0920bde5eb); its bit is VM_MAYBE_GUARD's in 7.0 */
	MMU_FIELD_BYTES(struct era_fields, rb, "vm_area_struct.vm_rb", 0, MMU_OPTIONAL),
	/* 6.6 renamed it, and moved VM_UFFD_MINOR off the bit of shadow stacks */
	MMU_FIELD_BYTES(struct era_fields, ctime, "inode.i_ctime", 0, MMU_OPTIONAL),
};
static const struct mmu_layout era_layout = MMU_LAYOUT(VM_FLAGS, "vm_area_struct",
						       struct era_fields, era_defs);

/* include/linux/mm.h; bit 11 and those from 37 on depend on the kernel */
static const char letters[64][3] = {
	[0] = "rd",  [1] = "wr",  [2] = "ex",  [3] = "sh",  [4] = "mr",  [5] = "mw",  [6] = "me",
	[7] = "ms",  [8] = "gd",  [9] = "um",  [10] = "pf", [11] = "gu", [12] = "uw", [13] = "lo",
	[14] = "io", [15] = "sr", [16] = "rr", [17] = "dc", [18] = "de", [19] = "lf", [20] = "ac",
	[21] = "nr", [22] = "ht", [23] = "sf", [24] = "ar", [25] = "wf", [26] = "dd", [27] = "sd",
	[28] = "mm", [29] = "hg", [30] = "nh", [31] = "mg", [38] = "ui", [40] = "dp", [41] = "ui",
	[42] = "sl", [63] = "sl",
};

/* Those that architectures name, by the names of include/linux/mm.h. */
static const char *const arch_letters[][2] = {
	{ "SHADOW_STACK", "ss" }, { "MPX", "mp" },       { "ARM64_BTI", "bt" }, { "MTE", "mt" },
	{ "MTE_ALLOWED", "" },    { "ARM64_GCS", "ss" }, { "PKEY", "" },
};

static const char *letters_of_arch(const struct mmu_kernel *kernel, unsigned int bit)
{
	const struct mmu_arch *arch = kernel->arch;

	for (size_t i = 0; i < arch->nr_vm_flags; i++) {
		if (!(arch->vm_flags[i].mask >> bit & 1))
			continue;
		for (size_t n = 0; n < sizeof(arch_letters) / sizeof(arch_letters[0]); n++)
			if (strcmp(arch->vm_flags[i].name, arch_letters[n][0]) == 0)
				return arch_letters[n][1];
	}
	return NULL;
}

const char *mmu_vm_flag_letters(const struct mmu_kernel *kernel, unsigned int bit)
{
	const void *found = NULL;
	const char *of_arch;

	mmu_error_destroy(mmu_layout_need(kernel, &era_layout, &found, NULL));
	const struct era_fields *era = found;
	if (bit == 11 && era && era->rb.known)
		return "dw";
	if (bit == 37 && era && era->ctime.known)
		return "ui";
	of_arch = letters_of_arch(kernel, bit);
	if (of_arch)
		return of_arch;
	return bit < 64 && letters[bit][0] ? letters[bit] : "??";
}

uint64_t mmu_vm_key_mask(const struct mmu_kernel *kernel)
{
	const struct mmu_arch *arch = kernel->arch;

	for (size_t i = 0; i < arch->nr_vm_flags; i++)
		if (strcmp(arch->vm_flags[i].name, "PKEY") == 0)
			return arch->vm_flags[i].mask;
	return 0;
}
