/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What its parts share: tables (i386.c), entries (entry.c), kernels (the others). */
#ifndef MMU_I386_H
#define MMU_I386_H

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
#define GLOBAL BIT(8)
#define PROTNONE BIT(8) /* in an entry that is not present */
#define NX BIT(63)      /* PAE alone */

/** The kernel's own top table, a physical address, where it was found by its shape. */
#define KERNEL_ROOT "PHYS(swapper_pg_dir)"

/** Levels: the second is a PGD with two levels, a PMD with PAE. */
enum { PTE, LARGE, PDPT };

enum { TWO, PAE, NR_FORMATS };

enum {
	L1TF = 1 << 0,
	SAVED_DIRTY = 1 << 1,
};

#define HIDDEN __attribute__((visibility("hidden")))

enum { USER_HALF, KERNEL_HALF };

extern const struct mmu_format i386_formats[NR_FORMATS] HIDDEN;
/** By format and half, with the 3 GiB that most kernels give their processes. */
extern const struct mmu_regime i386_regimes[NR_FORMATS][2] HIDDEN;

static inline bool is_pae(const struct mmu_regime *regime)
{
	return regime->format->entry_bytes == 8;
}

void i386_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw, uint64_t second,
		 struct mmu_entry *ret) HIDDEN;
bool i386_encode(const struct mmu_regime *regime, unsigned int level, const struct mmu_entry *entry,
		 uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void i386_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_software *ret) HIDDEN;
bool i386_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret) HIDDEN;

static inline uint64_t i386_little(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

/** Where the kernel keeps itself: its own tables, and where its half begins. */
struct i386_kernel {
	uint64_t page_offset_va;
	uint64_t root_pa;
	unsigned int format; /**< TWO or PAE */
};

/** @return what is missing, or NULL */
const char *i386_find_kernel(const struct mmu_facts *facts, struct i386_kernel *ret) HIDDEN;
/** The regime of the kernel's half with these tables. */
struct mmu_regime i386_kernel_regime(const struct i386_kernel *kernel) HIDDEN;
/** Do these tables map their own top where the kernel's half has it? */
bool i386_maps_itself(const struct mmu_facts *facts, const struct i386_kernel *kernel) HIDDEN;
/** Where the kernel's half begins: asm/page_32_types.h, VMSPLIT. The most usual first. */
#define NR_SPLITS 5u
extern const uint64_t i386_splits[NR_SPLITS] HIDDEN;

/** As struct mmu_arch has them. */
const char *i386_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *i386_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
			size_t *ret_nr) HIDDEN;
size_t i386_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;
bool i386_search(const struct mmu_facts *facts, uint64_t *pa) HIDDEN;
bool i386_cpu(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret) HIDDEN;

#endif
