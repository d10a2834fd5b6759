/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the files of the s390x back-end share: bits, traits, regimes. */
#ifndef MMU_S390X_H
#define MMU_S390X_H

#include "mmuscope/arch.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (((BIT((last) - (first)) << 1) - 1) << (first))

/* The manual's page, segment, region third, second and first tables, by Linux's names. */
enum { PTE, PMD, PUD, P4D, PGD, NR_LEVELS };
enum { DAT, PGSTE, NR_FORMATS };

/** How kernels differ that share these formats. */
enum {
	LOW_RW = 1 << 0, /**< large entries have READ and WRITE in bits 0 and 1 (before 6.14) */
	NO_IEP = 1 << 1, /**< bit 8 does not stop execution: it is the change-recording override */
};

/*
 * The manual counts bits from the left. Here the lowest bit is 0, as everywhere else in mmuscope.
 */

/* Of page table entries. */
#define ZERO BIT(11)
#define INVALID BIT(10)
#define PROTECT BIT(9)
#define NOEXEC BIT(8)
#define UNUSED BIT(7)
#define SPECIAL BIT(6)
#define WRITE BIT(5)
#define READ BIT(4)
#define DIRTY BIT(3)
#define YOUNG BIT(2)
#define SOFT_DIRTY BIT(1)
#define PRESENT BIT(0)

/* Of segment and region table entries; PROTECT, NOEXEC and PRESENT lie where they do above. */
#define UP_VALIDITY BIT(16)
#define UP_WRITE BIT(15)
#define UP_READ BIT(14)
#define UP_DIRTY BIT(13)
#define UP_YOUNG BIT(12)
#define UP_LARGE BIT(10)
#define UP_OFFSET BITS(6, 7) /* the next table begins with this quarter */
#define UP_INVALID BIT(5)
#define UP_COMMON BIT(4)
#define UP_TYPE BITS(2, 3)
#define UP_LENGTH BITS(0, 1) /* and ends with this one */
#define LOW_READ BIT(0)
#define LOW_WRITE BIT(1)
#define LOW_SOFT_DIRTY BIT(14)

/* Of an address-space-control element (ASCE), which control registers 1, 7 and 13 hold. */
#define ASCE_ORIGIN (~BITS(0, 11))
#define ASCE_REAL BIT(5)
#define ASCE_TYPE BITS(2, 3)
#define ASCE_LENGTH BITS(0, 1)

#define QUARTER 512u        /* entries */
#define TABLE_ENTRIES 2048u /* of a segment or region table that is whole */

/** Where the image begins in a vmlinux (6.10): asm/page.h. */
#define TEXT_OFFSET BIT(20)
/** No image is larger: asm/page.h, KERNEL_IMAGE_SIZE. */
#define IMAGE_BYTES_MAX BIT(29)

#define CR0_IEP BIT(20)

/** The fact that says where the kernel's top table lies, if no symbol does. */
#define KERNEL_ROOT "PHYS(swapper_pg_dir)"

/** What the manual calls the type of a table whose entries are of this level; 0: a segment table */
static inline unsigned int type_of(unsigned int level)
{
	return (level - PMD) << 2;
}

extern const struct mmu_format s390x_formats[NR_FORMATS] HIDDEN;
extern const struct mmu_sample *const s390x_samples[] HIDDEN;
#define S390X_NR_SAMPLES 8u

/**
 * The regime of a table.
 * @param top   PMD to PGD
 * @param quarters  how much of the top table there is, 1 to 4
 */
void s390x_regime(enum mmu_half half, unsigned int top, unsigned int quarters, uint64_t root_pa,
		  struct mmu_regime *ret) HIDDEN;

void s390x_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_entry *ret) HIDDEN;
bool s390x_encode(const struct mmu_regime *regime, unsigned int level,
		  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second) HIDDEN;
void s390x_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_software *ret) HIDDEN;
bool s390x_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret) HIDDEN;
const char *s390x_audit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, uint64_t *ret_mask) HIDDEN;

/** Big-endian bytes, at most 8. */
uint64_t s390x_big(const uint8_t *data, unsigned int bytes) HIDDEN;
/** The regime that an ASCE describes. @return false: it translates nothing */
bool s390x_asce_regime(uint64_t asce, enum mmu_half half, struct mmu_regime *ret) HIDDEN;
/** What a CPU's control register n is, by its notes. */
bool s390x_control(const struct mmu_facts *facts, unsigned int cpu, unsigned int n,
		   uint64_t *ret) HIDDEN;

/** Does it translate in its home space, which is the kernel's? */
bool s390x_is_home(const struct mmu_cpu *cpu) HIDDEN;
/** Where the image has what lies at va. @return false: KERNELOFFSET is not known, or is above */
bool s390x_image_pa(const struct mmu_facts *facts, uint64_t va, uint64_t *ret_pa) HIDDEN;
/** The kernel's own regime, without traits. @return NULL, or what is missing */
const char *s390x_kernel_regime(const struct mmu_facts *facts, struct mmu_regime *ret) HIDDEN;

/** As struct mmu_arch has them. */
const char *s390x_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			 struct mmu_regime *ret, size_t *ret_nr) HIDDEN;
const char *s390x_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
			 size_t *ret_nr) HIDDEN;
size_t s390x_regions(const struct mmu_facts *facts, struct mmu_region *ret) HIDDEN;
bool s390x_cpu(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret) HIDDEN;
bool s390x_search(const struct mmu_facts *facts, uint64_t *pa) HIDDEN;

#endif
