/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The arm64 back-end: what it is made of, and what it asks of a kernel. */
#include "arm64.h"

static const struct mmu_trait traits[] = {
	{ LPA2, "lpa2", "4 and 16 KiB pages: bits 9:8 are address bits 51:50" },
	{ LPA, "lpa", "64 KiB pages: bits 15:12 are address bits 51:48" },
	{ OLD_NONE, "none58", "PROT_NONE is bit 58, swap offsets begin at bit 8 (before 6.10)" },
	{ SWAP6, "swap6", "with none58: a swap entry's type has 6 bits (before 5.19)" },
};

static const char *const symbols[] = { "swapper_pg_dir", "tramp_pg_dir", NULL };
static const char *const types[] = { NULL };
static const char *const registers[] = { "task_struct.thread.uw", NULL };
static const char *const flavours[] = { "-arm64", "-arm64-16k", NULL };

/*
 * include/linux/mm.h: VM_ARCH_1, VM_HIGH_ARCH_0 to 5. MTE had 32 and 33 before 6.12; 32 has been a
 * bit of the protection key since, and has no name here.
 */
static const struct mmu_vm_flag vm_flags[] = { { BIT(24), "ARM64_BTI" },
					       { BIT(33) | BIT(37), "MTE_ALLOWED" },
					       { BIT(36), "MTE" } };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "arm64",
	.title = "AArch64 (ARMv8-A and later)",
	.elf_machine = 183, /* EM_AARCH64 */
	.elf_class = 2,
	.elf_data = 1,
	.formats = arm64_formats,
	.nr_formats = COUNT(arm64_formats),
	.samples = arm64_samples,
	.nr_samples = ARM64_NR_SAMPLES,
	.traits = traits,
	.nr_traits = COUNT(traits),
	.symbols = symbols,
	.types = types,
	.register_members = registers,
	.flavours = flavours,
	.vm_flags = vm_flags,
	.nr_vm_flags = COUNT(vm_flags),
	.locate = arm64_locate,
	.linear = arm64_linear,
	.regions = arm64_regions,
};
