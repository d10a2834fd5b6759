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

#define mmu_arch_plugin linear16
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
#elif FAULT == MISSING_FUNCTION
extern __typeof__(decode) nowhere_to_be_found;
#undef DECODE
#define DECODE nowhere_to_be_found
#endif

#if FAULT != NO_SYMBOL
__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI + (FAULT == ANOTHER_ABI),
	.size = sizeof(struct mmu_arch) - (FAULT == TOO_SHORT) + (FAULT == TOO_NEW),
	.name = "stranger",
	.title = "a stranger's machine",
	.page_lg2 = 12,
	.formats = formats,
	.nr_formats = 1,
	.decode = DECODE,
	.encode = ENCODE,
};
#endif
