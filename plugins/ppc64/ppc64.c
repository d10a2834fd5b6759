/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ppc64 back-end: what it is made of, and what it asks of a kernel. */
#include "ppc64.h"

static const struct mmu_trait traits[] = {
	{ ISA3, "isa3", "the hashed table has the entries of ISA 3.0: B lies in the second word" },
	{ VA65, "va65", "virtual addresses have 65 bits (before POWER6)" },
	{ LITTLE, "little", "a little-endian kernel: so it keeps the slots of subpages (hidx)" },
	{ OLD_SWAP, "old-swap",
	  "bit 5 of a swap entry is soft-dirty, not exclusive (before 5.19)" },
};

static const struct mmu_format *const formats[] = { &ppc64_radix, &ppc64_tree64k, &ppc64_tree4k,
						    &ppc64_hpt };

static const char *const symbols[] = { "swapper_pg_dir",   "cur_cpu_spec",     "__pte_index_size",
				       "__pmd_index_size", "__pud_index_size", "__pgd_index_size",
				       "htab_address",     "htab_hash_mask",   "mmu_highuser_ssize",
				       "mmu_kernel_ssize", "vmemmap",          NULL };
static const char *const types[] = { "cpu_spec", NULL };
static const char *const registers[] = { "task_struct.thread.fp_state",
					 "task_struct.thread.vr_state",
					 "task_struct.thread.ckfp_state",
					 "task_struct.thread.ckvr_state", NULL };
static const char *const flavours[] = { "-powerpc64le", "-powerpc64le-64k", "-powerpc64", NULL };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "ppc64",
	.title = "POWER, 64 bits (Book3S)",
	.elf_machine = 21, /* EM_PPC64 */
	.elf_class = 2,
	.formats = formats,
	.nr_formats = COUNT(formats),
	.samples = ppc64_samples,
	.nr_samples = PPC64_NR_SAMPLES,
	.traits = traits,
	.nr_traits = COUNT(traits),
	.symbols = symbols,
	.types = types,
	.register_members = registers,
	.flavours = flavours,
	.locate = ppc64_locate,
	.linear = ppc64_linear,
	.regions = ppc64_regions,
	.byte_order = ppc64_byte_order,
};
