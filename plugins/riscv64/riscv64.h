/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the files of the riscv64 back-end share: bits, traits, regimes. */
#ifndef MMU_RISCV64_H
#define MMU_RISCV64_H

#include "mmuscope/arch.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (((BIT((last) - (first)) << 1) - 1) << (first))

enum { PTE, PMD, PUD, P4D, PGD };
enum { USER_HALF, KERNEL_HALF };
enum { SV39, SV48, SV57, NR_MODES };

/** How kernels differ that share these formats. */
enum {
	SWAP6 = 1 << 0,     /**< a swap entry's type begins at bit 6, and no bit says exclusive */
	NONE_READ = 1 << 1, /**< PROT_NONE is bit 1, and a swap entry's type begins at bit 2 */
};

#define VALID BIT(0)
#define READ BIT(1)
#define WRITE BIT(2)
#define EXEC BIT(3)
#define USER BIT(4)
#define GLOBAL BIT(5)
#define ACCESSED BIT(6)
#define DIRTY BIT(7)
#define SPECIAL BIT(8)
#define PPN BITS(10, 53)
#define PBMT BITS(61, 62)
#define NAPOT BIT(63)

/** All three modes translate to 56 bits. */
#define PA_MASK BITS(0, 55)

extern const struct mmu_format riscv64_formats[NR_MODES] HIDDEN;
/** The two halves of each mode: one root serves both. */
extern const struct mmu_regime riscv64_regimes[NR_MODES][2] HIDDEN;

void riscv64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_entry *ret) HIDDEN;
bool riscv64_encode(const struct mmu_regime *regime, unsigned int level,
		    const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void riscv64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		     uint64_t second, struct mmu_software *ret) HIDDEN;
bool riscv64_alike(const struct mmu_regime *regime, unsigned int level,
		   struct mmu_alike *ret) HIDDEN;

/** As struct mmu_arch has them. */
const char *riscv64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			   struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *riscv64_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
			   size_t *ret_nr) HIDDEN;
size_t riscv64_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;

#endif
