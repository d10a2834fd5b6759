/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the files of the ppc64 back-end share: bits, traits, regimes, the hash. */
#ifndef MMU_PPC64_H
#define MMU_PPC64_H

#include "mmuscope/arch.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (((BIT((last) - (first)) << 1) - 1) << (first))

/** Of the linear mapping: of 64 KiB pages; with 4 KiB less, and less memory. */
#define LINEAR_BYTES_MAX BIT(51)

enum { PTE, PMD, PUD, PGD, NR_LEVELS };

/** How kernels and processors differ that share these formats. */
enum {
	ISA3 = 1 << 0,     /**< the hashed table has the entries of ISA 3.0 */
	VA65 = 1 << 1,     /**< virtual addresses of 65 bits, before POWER6 */
	LITTLE = 1 << 3,   /**< a little-endian kernel: so it keeps the slots of subpages */
	OLD_SWAP = 1 << 2, /**< bit 5 of a swap entry is soft-dirty, not exclusive (before 5.19) */
};

/* ------------------------------------------------------------------ the words of Linux's trees */

#define EXEC BIT(0)
#define WRITE BIT(1)
#define READ BIT(2)
#define PRIVILEGED BIT(3)
#define ATT BITS(4, 5)
#define BUSY BIT(6) /* hash */
#define DIRTY BIT(7)
#define ACCESSED BIT(8)
#define SOFT_DIRTY BIT(9)
#define SPECIAL BIT(10)
#define DEVMAP BIT(11)
#define COMBO BIT(12)  /* hash, 64K: 4 KiB pages in the hashed table */
#define PFN_4K BIT(13) /* hash, 64K: a page of 4 KiB; of a PMD: a transparent huge page */
#define HASHED_64K BIT(55)
#define HASHED_4K BIT(60)
#define INVALID BIT(61)
#define LEAF BIT(62)  /* Linux: _PAGE_PTE */
#define VALID BIT(63) /* Linux: _PAGE_PRESENT */
#define RWX (READ | WRITE | EXEC)
#define NO_POINTER (VALID | LEAF | BITS(0, 7)) /* PMD_MASKED_BITS */

/** Linux's _PAGE_PA_MAX; entries of all formats keep to it. */
#define PA_MASK BITS(0, 52)

/* ------------------------------------------------------------------ the hashed table */

#define HPT_VALID BIT(0)
#define HPT_SECONDARY BIT(1)
#define HPT_LARGE BIT(2)
#define HPT_GROUP 8u          /* slots */
#define HPT_VA_BITS 49u       /* of one context, whatever the kernel's page size */
#define HPT_SLOTS_MIN BIT(14) /* 256 KiB */

/**
 * A regime's `space`: its context number, and in bit 0 whether its segments have 1 TiB or 256 MiB.
 * So a slot says which, and a space that has both kinds is two regimes.
 */
#define HPT_SPACE(context, big) ((uint64_t)(context) << 1 | (big))

/** regime.word: base page sizes that are looked for, bit n for 2^n bytes; 0: all that there are. */
enum { SIZES };

/** One address, as the hash takes it. */
struct hpt_place {
	uint64_t vsid;
	uint64_t offset; /**< within the segment */
	bool big;        /**< of 1 TiB */
};

struct hpt_place ppc64_place(uint32_t traits, uint64_t space, uint64_t va) HIDDEN;
/** What the groups are numbered by: its low bits, or those of its complement, choose one. */
uint64_t ppc64_hash(const struct hpt_place *place, unsigned int base_lg2) HIDDEN;
/** The context and segment that a VSID was made of; above both is nothing. */
uint64_t ppc64_unscramble(uint32_t traits, uint64_t vsid, bool big) HIDDEN;

unsigned int ppc64_probes(const struct mmu_regime *regime, uint64_t va,
			  struct mmu_probe *ret) HIDDEN;
bool ppc64_slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		struct mmu_slot *ret) HIDDEN;
void ppc64_hpt_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_entry *ret) HIDDEN;
bool ppc64_hpt_encode(const struct mmu_regime *regime, unsigned int level,
		      const struct mmu_entry *entry, uint64_t *ret_raw,
		      uint64_t *ret_second) HIDDEN;

/** Sizes of a page: of a base page, and of the page that it lies in. */
struct hpt_size {
	uint8_t base_lg2, actual_lg2;
	uint8_t code, mask; /**< in the LP field, which begins at bit 12 of the second word */
};
bool ppc64_size(uint64_t v, uint64_t r, struct hpt_size *ret) HIDDEN;

/* ------------------------------------------------------------------ formats and regimes */

extern const struct mmu_format ppc64_radix, ppc64_tree64k, ppc64_tree4k, ppc64_hpt HIDDEN;
void ppc64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_entry *ret) HIDDEN;
bool ppc64_encode(const struct mmu_regime *regime, unsigned int level,
		  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void ppc64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_software *ret) HIDDEN;
bool ppc64_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret) HIDDEN;
const char *ppc64_audit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, uint64_t *ret_mask) HIDDEN;

#define PPC64_NR_SAMPLES 4u
extern const struct mmu_sample *const ppc64_samples[PPC64_NR_SAMPLES] HIDDEN;

#define KERNEL_VA UINT64_C(0xc000000000000000)

/** How one kernel runs: what its regimes are made of. */
struct ppc64_kernel {
	unsigned int page_lg2;
	bool hash;
	uint8_t bits[NR_LEVELS]; /**< of the index at each level */
	uint32_t traits;
	uint64_t root_pa;            /**< of the kernel's own tree */
	uint64_t table_pa, nr_slots; /**< the hashed table; 0: it is not in the image */
	bool big_user, big_kernel;   /**< segments of 1 TiB */
};

/** How many contexts a process may have: one for each 2^HPT_VA_BITS bytes. */
size_t ppc64_nr_contexts(const struct ppc64_kernel *kernel) HIDDEN;
#define CONTEXTS_MAX 8u

/** Append the regimes of a process; contexts[n] is 0 where it has none. Then come the kernel's. */
void ppc64_user_regimes(const struct ppc64_kernel *kernel, uint64_t root_pa,
			const uint64_t *contexts, size_t nr_contexts, struct mmu_regime *ret,
			size_t *nr) HIDDEN;
void ppc64_kernel_regimes(const struct ppc64_kernel *kernel, struct mmu_regime *ret,
			  size_t *nr) HIDDEN;

/* ------------------------------------------------------------------ kernels */

/** Read a number of the kernel's memory, in its byte order, of 8 bytes at most. */
bool ppc64_read_number(const struct mmu_facts *facts, uint64_t va, size_t bytes,
		       uint64_t *ret) HIDDEN;
/** What kernel it is. @return NULL, or what is missing */
const char *ppc64_find_kernel(const struct mmu_facts *facts, struct ppc64_kernel *ret) HIDDEN;
/** Where the linear mapping, which ends with RAM, has a physical address, and back. */
bool ppc64_linear_pa(uint64_t va, uint64_t *ret_pa) HIDDEN;

/** As struct mmu_arch has them. */
const char *ppc64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			 struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *ppc64_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
			 size_t *ret_nr) HIDDEN;
size_t ppc64_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;
bool ppc64_byte_order(const struct mmu_facts *facts, bool *ret_big) HIDDEN;

#endif
