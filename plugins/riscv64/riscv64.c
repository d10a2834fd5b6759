/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The riscv64 back-end: what it is made of, and what it asks of a kernel. */
#include "riscv64.h"

static const struct mmu_trait traits[] = {
	{ SWAP6, "swap6",
	  "a swap entry's type begins at bit 6, its offset at bit 11 (before 6.3)" },
	{ NONE_READ, "none-read",
	  "PROT_NONE is bit 1, a swap entry's type begins at bit 2 (5.15)" },
};

static const struct mmu_format *const formats[] = { &riscv64_formats[SV39], &riscv64_formats[SV48],
						    &riscv64_formats[SV57] };

#define SAMPLE(id, mode, text)                                                                     \
	static const struct mmu_regime *const id##_halves[] = {                                    \
		&riscv64_regimes[mode][USER_HALF], &riscv64_regimes[mode][KERNEL_HALF]             \
	};                                                                                         \
	static const struct mmu_sample id = { sizeof(struct mmu_sample), text, id##_halves, 2 }
SAMPLE(sample39, SV39, "sv39");
SAMPLE(sample48, SV48, "sv48");
SAMPLE(sample57, SV57, "sv57");
static const struct mmu_sample *const samples[] = { &sample39, &sample48, &sample57 };

static const char *const symbols[] = { "swapper_pg_dir", NULL };
static const char *const types[] = { NULL };
static const char *const registers[] = { "task_struct.thread.fstate", "task_struct.thread.vstate",
					 NULL };
static const char *const flavours[] = { "-riscv64", NULL };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "riscv64",
	.title = "RISC-V, 64 bits",
	.elf_machine = 243, /* EM_RISCV */
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
	.locate = riscv64_locate,
	.linear = riscv64_linear,
	.regions = riscv64_regions,
};
