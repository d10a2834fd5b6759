/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What its parts share: tables (x86_64.c), entries (entry.c), kernels (the others). */
#ifndef MMU_X86_64_H
#define MMU_X86_64_H

#include "mmuscope/arch.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (UINT64_MAX >> (63 - (last)) & UINT64_MAX << (first))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PRESENT BIT(0)
#define RW BIT(1)
#define USER BIT(2)
#define ACCESSED BIT(5)
#define DIRTY BIT(6)
#define PSE BIT(7)
#define PROTNONE BIT(8) /* in an entry that is not present */
#define NX BIT(63)
#define ADDRESS BITS(12, 51)

#define IMAGE_MAP UINT64_C(0xffffffff80000000) /* __START_KERNEL_map */
/** The kernel's own top table, a physical address, where it was found by its shape. */
#define KERNEL_ROOT "PHYS(init_top_pgt)"

enum { PTE, PMD, PUD }; /* above: P4D or PGD, PGD */

enum {
	L1TF = 1 << 0,
	SAVED_DIRTY = 1 << 1,
	NO_DEVMAP = 1 << 2,
	SWAP_SD7 = 1 << 3,
	ENCRYPTION = 1 << 4,
	PTI = 1 << 5,
};

/** For work without a kernel: the newest one's. */
#define DEFAULT_TRAITS (L1TF | SAVED_DIRTY | NO_DEVMAP)

#define HIDDEN __attribute__((visibility("hidden")))

enum { USER_HALF, KERNEL_HALF };

/** By number of levels less 4, and half: all that does not depend on the kernel. */
extern const struct mmu_format x86_64_format4 HIDDEN;
extern const struct mmu_format x86_64_format5 HIDDEN;
extern const struct mmu_regime x86_64_regimes[2][2] HIDDEN;

/* Linux masks with physical_mask, which lacks the encryption bit: that is no part of an address. */
static inline uint64_t address_bits(const struct mmu_regime *regime)
{
	return regime->traits & ENCRYPTION ? regime->pa_mask & ADDRESS : ADDRESS;
}

void x86_64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret) HIDDEN;
bool x86_64_encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void x86_64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret) HIDDEN;
bool x86_64_alike(const struct mmu_regime *regime, unsigned int level,
		  struct mmu_alike *ret) HIDDEN;

static inline uint64_t x86_64_little(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

const char *x86_64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *x86_64_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
			  size_t *ret_nr) HIDDEN;
size_t x86_64_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;
bool x86_64_search(const struct mmu_facts *facts, uint64_t *pa) HIDDEN;

/** A variable of the kernel image, `offset` bytes behind a symbol, found without any page table. */
bool x86_64_variable(const struct mmu_facts *facts, const char *key, uint64_t offset,
		     unsigned int bytes, uint64_t *ret) HIDDEN;
/** The kernel's own top table, by its symbol or its shape. @return what is missing, or NULL */
const char *x86_64_kernel_root(const struct mmu_facts *facts, uint64_t *ret_va,
			       uint64_t *ret_pa) HIDDEN;
/** Do two top tables, by their physical addresses, lead to the same tables of the image? */
bool x86_64_same_image(const struct mmu_facts *facts, uint64_t top_pa, uint64_t other_pa) HIDDEN;
/** The kernel's own top table by its symbol. @return false: the symbol or phys_base is missing */
bool x86_64_named_root(const struct mmu_facts *facts, uint64_t *ret_va, uint64_t *ret_pa) HIDDEN;

/** As struct mmu_arch has it. */
bool x86_64_cpu(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret) HIDDEN;
/** By the tables of the kernel's half: its lowest page is mapped, and so is the top table. */
bool x86_64_direct_map(const struct mmu_facts *facts, const struct mmu_regime *regime,
		       uint64_t *ret_va) HIDDEN;

#endif
