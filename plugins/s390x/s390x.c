/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The s390x back-end: what it is made of, and what it asks of a kernel. */
#include "s390x.h"

static const struct mmu_trait traits[] = {
	{ LOW_RW, "low-rw",
	  "large entries have READ and WRITE in bits 0 and 1, none says PRESENT (before 6.14)" },
	{ NO_IEP, "no-iep",
	  "no instruction-execution protection: bit 8 is the change-recording override" },
};

static const struct mmu_format *const formats[] = { &s390x_formats[DAT], &s390x_formats[PGSTE] };

static const char *const symbols[] = {
	"swapper_pg_dir",     "_stext",      "_end",    "VMALLOC_START", "VMALLOC_END",
	"MODULES_VADDR",      "MODULES_END", "vmemmap", "vmemmap_size",  "__abs_lowcore",
	"__memcpy_real_area", NULL
};
static const char *const types[] = { NULL };
static const char *const registers[] = { "task_struct.thread.ufpu", "task_struct.thread.fpu",
					 "task_struct.thread.acrs", NULL };
/* NT_S390_PREFIX, NT_S390_CTRS */
static const uint32_t cpu_notes[] = { 0x305, 0x304, 0 };
static const char *const flavours[] = { "-s390x", NULL };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "s390x",
	.title = "z/Architecture (s390x)",
	.elf_machine = 22, /* EM_S390 */
	.elf_class = 2,
	.elf_data = 2,
	.formats = formats,
	.nr_formats = COUNT(formats),
	.samples = s390x_samples,
	.nr_samples = S390X_NR_SAMPLES,
	.traits = traits,
	.nr_traits = COUNT(traits),
	.symbols = symbols,
	.types = types,
	.register_members = registers,
	.flavours = flavours,
	.locate = s390x_locate,
	.linear = s390x_linear,
	.search = s390x_search,
	.regions = s390x_regions,
	.cpu = s390x_cpu,
	.cpu_notes = cpu_notes,
};
