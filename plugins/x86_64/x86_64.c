/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The x86_64 back-end: what it is made of, and what it asks of a kernel. */
#include "x86_64.h"

static const struct mmu_trait traits[] = {
	{ L1TF, "l1tf", "entries that are not present hold their address inverted (4.19)" },
	{ SAVED_DIRTY, "saved-dirty", "bit 58 is SAVED_DIRTY, DEVMAP is bit 57 (6.6)" },
	{ NO_DEVMAP, "no-devmap", "no DEVMAP in bit 57 (7.1)" },
	{ SWAP_SD7, "swap-sd7",
	  "a swap entry's soft-dirty mark is bit 7, not bit 1 (before 4.14)" },
	{ ENCRYPTION, "encryption", "bits missing in pa_mask are SME, SEV or TDX, not reserved" },
	{ PTI, "pti", "NX of user slots in the top table only guards the kernel's copy (KPTI)" },
};

static const struct mmu_format *const formats[] = { &x86_64_format4, &x86_64_format5 };

static const struct mmu_regime *const halves[2][2] = {
	{ &x86_64_regimes[0][USER_HALF], &x86_64_regimes[0][KERNEL_HALF] },
	{ &x86_64_regimes[1][USER_HALF], &x86_64_regimes[1][KERNEL_HALF] },
};
static const struct mmu_sample sample4 = { sizeof(sample4), "4level", halves[0], 2 };
static const struct mmu_sample sample5 = { sizeof(sample5), "5level", halves[1], 2 };
static const struct mmu_sample *const samples[] = { &sample4, &sample5 };

static const char *const symbols[] = { "init_top_pgt",          "init_level4_pgt",
				       "swapper_pg_dir",        "phys_base",
				       "page_offset_base",      "vmalloc_base",
				       "vmemmap_base",          "kasan_early_shadow_page",
				       "kasan_zero_page",       "get_cpu_entry_area",
				       "init_espfix_ap",        "__pgtable_l5_enabled",
				       "physical_mask",         "sme_me_mask",
				       "boot_cpu_data",         "l1tf_mitigation",
				       "arch_check_zapped_pte", NULL };
static const char *const types[] = { "cpuinfo_x86", NULL };
static const char *const registers[] = { "task_struct.thread.fpu", NULL };
static const char *const flavours[] = { "-amd64", NULL };

/* arch/x86: VM_HIGH_ARCH_0 to 5 of include/linux/mm.h */
static const struct mmu_vm_flag vm_flags[] = { { UINT64_C(0xf) << 32, "PKEY" },
					       { UINT64_C(1) << 36, "MPX" },
					       { UINT64_C(1) << 37, "SHADOW_STACK" } };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "x86_64",
	.title = "x86-64 (Intel 64, AMD64)",
	.elf_machine = 62, /* EM_X86_64 */
	.elf_class = 2,
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
	.vm_flags = vm_flags,
	.nr_vm_flags = COUNT(vm_flags),
	.locate = x86_64_locate,
	.linear = x86_64_linear,
	.search = x86_64_search,
	.regions = x86_64_regions,
	.cpu = x86_64_cpu,
};
