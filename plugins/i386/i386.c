/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The i386 back-end: what it is made of, and what it asks of a kernel. */
#include "i386.h"

static const struct mmu_trait traits[] = {
	{ L1TF, "l1tf", "entries of PAE that are not present hold their address inverted (4.19)" },
	{ SAVED_DIRTY, "saved-dirty", "bit 10 is SAVED_DIRTY (6.6)" },
};

static const struct mmu_format *const formats[] = { &i386_formats[TWO], &i386_formats[PAE] };

static const struct mmu_regime *const two[] = { &i386_regimes[TWO][USER_HALF],
						&i386_regimes[TWO][KERNEL_HALF] };
static const struct mmu_regime *const pae[] = { &i386_regimes[PAE][USER_HALF],
						&i386_regimes[PAE][KERNEL_HALF] };
static const struct mmu_sample two_sample = { sizeof(two_sample), "2level", two, 2 };
static const struct mmu_sample pae_sample = { sizeof(pae_sample), "pae", pae, 2 };
static const struct mmu_sample *const samples[] = { &two_sample, &pae_sample };

static const char *const symbols[] = {
	"swapper_pg_dir",     "high_memory",           "boot_cpu_data",
	"pkmap_page_table",   "__FIXADDR_TOP",         "l1tf_mitigation",
	"get_cpu_entry_area", "arch_check_zapped_pte", NULL
};
static const char *const types[] = { "pte_t", "cpuinfo_x86", "fixed_addresses", NULL };
static const char *const registers[] = { "task_struct.thread.fpu", NULL };
static const char *const flavours[] = { "-686", "-686-pae", NULL };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "i386",
	.title = "x86, 32 bits (IA-32)",
	.elf_machine = 3, /* EM_386 */
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
	.locate = i386_locate,
	.linear = i386_linear,
	.search = i386_search,
	.regions = i386_regions,
	.cpu = i386_cpu,
};
