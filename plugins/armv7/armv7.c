/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ARMv7 back-end: what it is made of, and what it asks of a kernel. */
#include "armv7.h"

static const struct mmu_trait traits[] = {
	{ ARM_SWAP_EXCLUSIVE, "swap-exclusive",
	  "a swap entry's bit 7 says exclusive, the offset begins at bit 8 (6.3)" },
	{ ARM_PROCESS, "process",
	  "the table of a Linux process: AP2 without RDONLY marks a clean page (LPAE)" },
};

static const struct mmu_format *const formats[] = { &arm_short_format, &arm_lpae_format };

static const struct mmu_regime *const all_short[] = { &arm_regimes[ARM_SHORT] };
static const struct mmu_regime *const all_lpae[] = { &arm_regimes[ARM_LPAE] };
static const struct mmu_sample short_sample = { sizeof(short_sample), "short", all_short, 1 };
static const struct mmu_sample lpae_sample = { sizeof(lpae_sample), "lpae", all_lpae, 1 };
static const struct mmu_sample *const samples[] = { &short_sample, &lpae_sample };

static const char *const symbols[] = {
	"swapper_pg_dir", "__pv_phys_pfn_offset", "high_memory", "pkmap_page_table",
	"__vma_adjust",   "do_vmi_munmap",        NULL
};
static const char *const types[] = { "pte_t", NULL };
static const char *const registers[] = { "task_struct.thread.uw", "task_struct.thread_info.fpstate",
					 "task_struct.thread_info.vfpstate", NULL };
static const char *const flavours[] = { "-armmp", "-armmp-lpae", NULL };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "armv7",
	.title = "ARMv7-A",
	.elf_machine = 40, /* EM_ARM */
	.elf_class = 1,
	.elf_data = 1,
	.formats = formats,
	.nr_formats = COUNT(formats),
	.samples = samples,
	.nr_samples = COUNT(samples),
	.traits = traits,
	.nr_traits = COUNT(traits),
	.symbols = symbols,
	.types = types,
	.register_members = registers,
	.flavours = flavours,
	.locate = arm_locate,
	.linear = arm_linear,
	.regions = arm_regions,
};
