/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the files of the arm64 back-end share: bits, traits, regimes. */
#ifndef MMU_ARM64_H
#define MMU_ARM64_H

#include "mmuscope/arch.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (((BIT((last) - (first)) << 1) - 1) << (first))

enum { PTE, PMD, PUD, P4D, PGD };

/** How kernels and processors that share these formats differ. */
enum {
	LPA2 = 1 << 0,     /**< 4 and 16 KiB granule: bits 9:8 are address bits 51:50 */
	LPA = 1 << 1,      /**< 64 KiB granule: bits 15:12 are address bits 51:48 */
	OLD_NONE = 1 << 2, /**< PROT_NONE is bit 58, a swap entry's type ends below bit 8 */
	SWAP6 = 1 << 3,    /**< with OLD_NONE: a swap entry's type has 6 bits and no EXCLUSIVE */
};

#define VALID BIT(0)
#define TABLE BIT(1) /**< above level 0; there it says that this is a page */
#define ATTR BITS(2, 4)
#define USER BIT(6)
#define RDONLY BIT(7)
#define AF BIT(10)
#define NG BIT(11)
#define WRITE BIT(51) /**< DBM: hardware clears RDONLY at the first write */
#define CONT BIT(52)
#define PXN BIT(53)
#define UXN BIT(54)
#define DIRTY BIT(55)
#define SPECIAL BIT(56)
#define UFFD_WP BIT(58) /**< without OLD_NONE */
#define NONE58 BIT(58)  /**< with OLD_NONE */
#define SPLIT59 BIT(59) /**< with OLD_NONE: PMD_PRESENT_INVALID */
#define INVALID NG      /**< without OLD_NONE and VALID: PTE_PRESENT_INVALID */
#define POINDEX BITS(60, 62)
#define PXN_TABLE BIT(59)
#define UXN_TABLE BIT(60)
#define NO_USER_TABLE BIT(61) /**< APTable[0] */
#define RDONLY_TABLE BIT(62)  /**< APTable[1] */

/** regime.word[] */
enum { MAIR }; /**< MAIR_EL1 as Linux sets it; 0: not known */

/** The format of this many levels, 2 to 5. NULL: there is none. */
const struct mmu_format *arm64_format(unsigned int levels) HIDDEN;
extern const struct mmu_format *const arm64_formats[4] HIDDEN;
#define ARM64_NR_SAMPLES 10
extern const struct mmu_sample *const arm64_samples[ARM64_NR_SAMPLES] HIDDEN;

/**
 * The two halves of a space.
 * @param page_lg2  12, 14 or 16
 * @param va_bits   that both halves translate
 * @param traits    LPA2 and LPA decide about pa_mask
 * @return false: Linux has no such shape; *ret is untouched
 */
bool arm64_regime(unsigned int page_lg2, unsigned int va_bits, uint32_t traits, enum mmu_half half,
		  struct mmu_regime *ret) HIDDEN;

/** Like any other format, but only words with AttrIndx 0 map memory: it tells Linux's MAIR. */
extern const struct mmu_format arm64_first_attr[4] HIDDEN;

void arm64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_entry *ret) HIDDEN;
bool arm64_encode(const struct mmu_regime *regime, unsigned int level,
		  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void arm64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_software *ret) HIDDEN;
bool arm64_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret) HIDDEN;
void arm64_decode_first_attr(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			     uint64_t second, struct mmu_entry *ret) HIDDEN;

/** As struct mmu_arch has them. */
const char *arm64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			 struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *arm64_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
			 size_t *ret_nr) HIDDEN;
size_t arm64_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;

/** The kernel's own regime, by what the dump says of it. @return NULL, or what is missing */
const char *arm64_kernel_regime(const struct mmu_facts *facts, struct mmu_regime *ret) HIDDEN;

#endif
