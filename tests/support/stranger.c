/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A stranger's back-end: linear16 with the fault that FAULT names, for tests. */
#define NONE 0
#define ANOTHER_ABI 1
#define NO_SYMBOL 2
#define MISSING_FUNCTION 3
#define LOSES_A_BIT 4
#define LIES_ABOUT_RIGHTS 5
#define TOO_SHORT 6
#define TOO_NEW 7
#define UNKNOWN_KIND 8

#define mmu_arch_plugin linear16
#pragma GCC diagnostic ignored "-Wunused-const-variable"
#include "plugins/linear16/linear16.c"
#undef mmu_arch_plugin

#define DECODE decode
#define ENCODE encode

#if FAULT == LOSES_A_BIT
static bool broken_encode(const struct mmu_regime *regime, unsigned int level,
			  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool said = encode(regime, level, entry, ret_raw, ret_second);

	if (said)
		*ret_raw &= ~UINT64_C(8); /* the top bit of the frame */
	return said;
}
#undef ENCODE
#define ENCODE broken_encode
#elif FAULT == LIES_ABOUT_RIGHTS
static void broken_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  uint64_t second, struct mmu_entry *ret)
{
	decode(regime, level, raw, second, ret);
	ret->rights ^= (uint8_t)(raw & 2); /* the frame's lowest bit forbids writes */
}
#undef DECODE
#define DECODE broken_decode
#elif FAULT == UNKNOWN_KIND
static const struct mmu_format unknown = {
	.size = sizeof(struct mmu_format) + 64,
	.name = "puzzle",
	.title = "a kind of table that nobody knows",
	.kind = (enum mmu_format_kind)77,
	.entry_bytes = 1,
	.slot_bytes = 1,
	.nr_levels = 1,
	.level = levels,
	.decode = decode,
	.encode = encode,
};
static const struct mmu_regime unknown_all = {
	.size = sizeof(struct mmu_regime),
	.format = &unknown,
	.name = "all",
	.last_va = 0xffff,
	.pa_mask = 0x7fff,
	.page_lg2 = 12,
	.rights = MMU_RIGHTS_ALL,
	.shape = { { .shift = 12, .index_bits = 4 } },
};
static const struct mmu_regime *const unknown_regimes[] = { &unknown_all };
static const struct mmu_sample unknown_sample = { sizeof(unknown_sample), "puzzle", unknown_regimes,
						  1 };
#elif FAULT == MISSING_FUNCTION
extern __typeof__(decode) nowhere_to_be_found;
#undef DECODE
#define DECODE nowhere_to_be_found
#endif

#if FAULT != NO_SYMBOL
static const struct mmu_format strange = {
	.size = sizeof(struct mmu_format),
	.name = "flat",
	.title = "a stranger's table",
	.entry_bytes = 1,
	.slot_bytes = 1,
	.nr_levels = 1,
	.level = levels,
	.flags = flags,
	.nr_flags = sizeof(flags) / sizeof(flags[0]),
	.decode = DECODE,
	.encode = ENCODE,
};
static const struct mmu_regime strange_all = {
	.size = sizeof(struct mmu_regime),
	.format = &strange,
	.name = "all",
	.last_va = 0xffff,
	.pa_mask = 0x7fff,
	.page_lg2 = 12,
	.rights = MMU_RIGHTS_ALL,
	.shape = { { .shift = 12, .index_bits = 4 } },
};
static const struct mmu_format *const strange_formats[] = {
	&strange,
#if FAULT == UNKNOWN_KIND
	&unknown,
#endif
};
static const struct mmu_regime *const strange_regimes[] = { &strange_all };
static const struct mmu_sample strange_sample = { sizeof(strange_sample), "flat", strange_regimes,
						  1 };
static const struct mmu_sample *const strange_samples[] = {
	&strange_sample,
#if FAULT == UNKNOWN_KIND
	&unknown_sample,
#endif
};

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI + (FAULT == ANOTHER_ABI),
	.size = sizeof(struct mmu_arch) - (FAULT == TOO_SHORT) + (FAULT == TOO_NEW),
	.name = "stranger",
	.title = "a stranger's machine",
	.formats = strange_formats,
	.nr_formats = sizeof(strange_formats) / sizeof(strange_formats[0]),
	.samples = strange_samples,
	.nr_samples = sizeof(strange_samples) / sizeof(strange_samples[0]),
};
#endif
