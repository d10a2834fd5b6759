/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What the parts of the ARMv7 back-end share: its tables (armv7.c), the entries of both formats
 * (short.c, lpae.c), kernels (kernel.c).
 */
#ifndef MMU_ARMV7_H
#define MMU_ARMV7_H

#include "mmuscope/arch.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (UINT64_MAX >> (63 - (last)) & UINT64_MAX << (first))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARM_SHORT, ARM_LPAE }; /* formats */
enum { PTE, PMD, PGD };       /* levels of LPAE; of short descriptors PTE and SHORT_PGD */
enum { SHORT_PGD = 1 };

enum { ARM_SWAP_EXCLUSIVE = 1 << 0, ARM_PROCESS = 1 << 1 };

/* Linux's PTE (asm/pgtable-2level.h) */
#define L_PRESENT BIT(0)
#define L_YOUNG BIT(1)
#define L_WRITEALLOC (UINT64_C(7) << 2)
#define L_DIRTY BIT(6)
#define L_RDONLY BIT(7)
#define L_USER BIT(8)
#define L_XN BIT(9)
#define L_SHARED BIT(10)
#define L_NONE BIT(11)

#define HIDDEN __attribute__((visibility("hidden")))

/** All that does not depend on the kernel. */
extern const struct mmu_format arm_short_format HIDDEN;
extern const struct mmu_format arm_lpae_format HIDDEN;
extern const struct mmu_regime arm_regimes[2] HIDDEN;

/* What no format can say is refused in the same way. */
static inline bool arm_may_encode(const struct mmu_regime *regime, const struct mmu_entry *entry)
{
	bool table = entry->kind == MMU_KIND_TABLE;

	return (table ? !entry->run_lg2 : entry->kind == MMU_KIND_LEAF) && !entry->next_first &&
	       !entry->next_count && !(entry->rights & ~MMU_RIGHTS_ALL) &&
	       !(entry->pa & ~regime->pa_mask);
}

/* Nothing is executable that can't be read (Arm ARM B3.7.2). */
static inline uint8_t arm_exec_rights(uint8_t rights, bool xn, bool pxn)
{
	if (xn || !(rights & MMU_RIGHT_READ))
		return rights;
	return rights | (rights & MMU_RIGHT_USER ? MMU_RIGHT_EXEC : 0) |
	       (pxn ? 0 : MMU_RIGHT_EXEC_PRIV);
}

/* TEX[0], C and B, or AttrIndx: as Linux sets PRRR and NMRR (mm/proc-v7-2level.S), MAIR. */
static inline uint8_t arm_memory(unsigned int index)
{
	static const uint8_t types[8] = { MMU_MEMORY_DEVICE,       MMU_MEMORY_COMBINING,
					  MMU_MEMORY_WRITETHROUGH, MMU_MEMORY_WRITEBACK,
					  MMU_MEMORY_DEVICE,       MMU_MEMORY_UNKNOWN,
					  MMU_MEMORY_UNKNOWN,      MMU_MEMORY_WRITEBACK };

	return types[index & 7];
}

/* The swap entry in the low word of an entry: its type and offset. */
static inline void arm_swap(const struct mmu_regime *regime, uint64_t word,
			    struct mmu_software *ret)
{
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = word >> 2 & 31;
	ret->offset = word >> (regime->traits & ARM_SWAP_EXCLUSIVE ? 8 : 7);
}

void arm_short_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_entry *ret) HIDDEN;
bool arm_short_encode(const struct mmu_regime *regime, unsigned int level,
		      const struct mmu_entry *entry, uint64_t *ret_raw,
		      uint64_t *ret_second) HIDDEN;
void arm_short_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       uint64_t second, struct mmu_software *ret) HIDDEN;
const char *arm_short_audit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			    uint64_t second, uint64_t *ret_mask) HIDDEN;
bool arm_short_alike(const struct mmu_regime *regime, unsigned int level,
		     struct mmu_alike *ret) HIDDEN;

void arm_lpae_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		     uint64_t second, struct mmu_entry *ret) HIDDEN;
bool arm_lpae_encode(const struct mmu_regime *regime, unsigned int level,
		     const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void arm_lpae_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_software *ret) HIDDEN;
bool arm_lpae_alike(const struct mmu_regime *regime, unsigned int level,
		    struct mmu_alike *ret) HIDDEN;

const char *arm_locate(const struct mmu_facts *facts, const struct mmu_root *root,
		       struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *arm_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
		       size_t *ret_nr) HIDDEN;
size_t arm_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;

#endif
