/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bits, levels and regimes of z/Architecture; README.md has the manual's sections. */
#include "s390x.h"

/* clang-format off */
#define LV_PTE   1u
#define LV_PMD   2u
#define LV_LARGE 6u    /* levels above PTE that may map memory */
#define LV_RTE   0x1cu /* region tables */
#define LV_UP    0x1eu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)
#define K_ANY    (K_LEAF | K_TABLE | K_SOFT)
#define IN_USER   (1 << MMU_HALF_USER)
#define IN_KERNEL (1 << MMU_HALF_KERNEL)

#define ROW(mask, value, lv, k, if_, no, sw, halves, name, what) \
	{ mask, value, 0, name, NULL, what, if_, no, lv, k, false, sw, halves }
#define FIELD(first, last, lv, k, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, 0, 0, lv, k, true, false }
/* Of a page, and of one that Linux keeps without access. */
#define PAGE(bit, if_, no, sw, name, what) \
	ROW(bit, bit, LV_PTE, K_LEAF, if_, no, sw, 0, name, what), \
	ROW((bit) | PRESENT, (bit) | PRESENT, LV_PTE, K_SOFT, if_, no, sw, 0, name, what)
/* What is left of a large page without access, before 6.14 and since: not of a swap entry. */
#define KEPT_LOW(bit, if_, no, sw, name, what) \
	ROW((bit) | UP_LARGE, (bit) | UP_LARGE, LV_LARGE, K_SOFT, (if_) | LOW_RW, no, sw, 0, name, \
	    what)
#define KEPT_NEW(bit, if_, no, sw, name, what) \
	ROW((bit) | UP_LARGE | PRESENT, (bit) | UP_LARGE | PRESENT, LV_LARGE, K_SOFT, if_, \
	    (no) | LOW_RW, sw, 0, name, what)
#define KEPT(bit, if_, no, sw, name, what) \
	KEPT_LOW(bit, if_, no, sw, name, what), KEPT_NEW(bit, if_, no, sw, name, what)
/* Of a large page without storage keys. */
#define LARGE(bit, if_, no, name, what) \
	ROW((bit) | UP_LARGE | UP_VALIDITY, (bit) | UP_LARGE, LV_LARGE, K_LEAF, if_, no, true, 0, \
	    name, what)
/* Of one with a storage key. */
#define KEY(n, name, what) \
	ROW(BIT(n) | UP_LARGE | UP_VALIDITY, BIT(n) | UP_LARGE | UP_VALIDITY, LV_LARGE, K_LEAF, 0, \
	    0, false, 0, name, what)

static const struct mmu_flag flags[] = {
	ROW(ZERO, ZERO, LV_PTE, K_LEAF, 0, 0, true, 0, "LARGE", "Linux: a part of a large page"),
	ROW(ZERO | PRESENT, ZERO | PRESENT, LV_PTE, K_SOFT, 0, 0, true, 0, "LARGE",
	    "Linux: a part of a large page"),
	ROW(ZERO | PRESENT, ZERO, LV_PTE, K_SOFT, 0, 0, true, IN_USER, "SWP_EXCLUSIVE",
	    "an anonymous page of this process alone"),
	ROW(INVALID, INVALID, LV_PTE, K_LEAF | K_SOFT, 0, 0, false, 0, "I",
	    "page-invalid: not for hardware"),
	ROW(PROTECT, PROTECT, LV_PTE, K_LEAF | K_SOFT, 0, 0, false, 0, "P",
	    "DAT protection: no stores"),
	PAGE(NOEXEC, 0, NO_IEP, false, "IEP", "instruction-execution protection"),
	PAGE(NOEXEC, NO_IEP, 0, false, "CO", "change-recording override"),
	PAGE(UNUSED, 0, 0, true, "UNUSED", "a guest said that it does not use the page"),
	PAGE(SPECIAL, 0, 0, true, "SPECIAL", "the page has no reference count to keep"),
	PAGE(WRITE, 0, 0, true, "WRITE", "may be written to"),
	PAGE(READ, 0, 0, true, "READ", "may be read"),
	PAGE(DIRTY, 0, 0, true, "DIRTY", "was written to"),
	PAGE(YOUNG, 0, 0, true, "YOUNG", "was used"),
	ROW(SOFT_DIRTY, SOFT_DIRTY, LV_PTE, K_LEAF | K_SOFT, 0, 0, true, 0, "SOFT_DIRTY",
	    "written to since it was last asked"),
	ROW(PRESENT, PRESENT, LV_PTE, K_LEAF | K_SOFT, 0, 0, true, 0, "PRESENT", "a page is there"),

	ROW(UP_LARGE | UP_VALIDITY, UP_LARGE | UP_VALIDITY, LV_LARGE, K_LEAF, 0, 0, false, 0, "AV",
	    "ACC and F count: a storage key of the large page"),
	KEY(15, "ACC0", "bit 0 of the access key"),
	KEY(14, "ACC1", "bit 1 of the access key"),
	KEY(13, "ACC2", "bit 2 of the access key"),
	KEY(12, "ACC3", "bit 3 of the access key"),
	KEY(11, "F", "fetch protection of the storage key"),
	LARGE(UP_WRITE, 0, LOW_RW, "WRITE", "may be written to"),
	KEPT_NEW(UP_WRITE, 0, 0, true, "WRITE", "may be written to"),
	LARGE(UP_READ, 0, LOW_RW, "READ", "may be read"),
	KEPT_NEW(UP_READ, 0, 0, true, "READ", "may be read"),
	LARGE(LOW_SOFT_DIRTY, LOW_RW, 0, "SOFT_DIRTY", "written to since it was last asked"),
	KEPT_LOW(LOW_SOFT_DIRTY, 0, 0, true, "SOFT_DIRTY", "written to since it was last asked"),
	LARGE(UP_DIRTY, 0, 0, "DIRTY", "was written to"),
	KEPT(UP_DIRTY, 0, 0, true, "DIRTY", "was written to"),
	LARGE(UP_YOUNG, 0, 0, "YOUNG", "was used"),
	KEPT(UP_YOUNG, 0, 0, true, "YOUNG", "was used"),
	ROW(UP_LARGE, UP_LARGE, LV_LARGE, K_LEAF, 0, 0, false, 0, "FC",
	    "format control: it maps memory itself"),
	ROW(UP_LARGE, UP_LARGE, LV_LARGE, K_SOFT, LOW_RW, 0, false, 0, "FC",
	    "format control: it maps memory itself"),
	ROW(UP_LARGE | PRESENT, UP_LARGE | PRESENT, LV_LARGE, K_SOFT, 0, LOW_RW, false, 0, "FC",
	    "format control: it maps memory itself"),
	ROW(PROTECT, PROTECT, LV_UP, K_LEAF | K_TABLE, 0, 0, false, 0, "P",
	    "DAT protection: no stores, or none below"),
	KEPT(PROTECT, 0, 0, false, "P", "DAT protection: no stores"),
	ROW(NOEXEC, NOEXEC, LV_LARGE, K_LEAF, 0, NO_IEP, false, 0, "IEP",
	    "instruction-execution protection"),
	ROW(NOEXEC, NOEXEC, LV_LARGE, K_LEAF, NO_IEP, 0, false, 0, "CO",
	    "change-recording override"),
	KEPT(NOEXEC, 0, NO_IEP, false, "IEP", "instruction-execution protection"),
	KEPT(NOEXEC, NO_IEP, 0, false, "CO", "change-recording override"),
	FIELD(6, 7, LV_RTE, K_TABLE, "TF", "table offset: the first quarter of the next table"),
	ROW(UP_INVALID, UP_INVALID, LV_UP, K_LEAF | K_SOFT, 0, 0, false, 0, "I",
	    "invalid: not for hardware"),
	ROW(UP_COMMON, UP_COMMON, LV_PMD, K_LEAF | K_TABLE, 0, 0, false, 0, "CS",
	    "common segment: the same in all address spaces"),
	ROW(UP_COMMON, UP_COMMON, 1u << PUD, K_LEAF, 0, 0, false, 0, "CR",
	    "common region: the same in all address spaces"),
	ROW(UP_COMMON | PRESENT, UP_COMMON, LV_LARGE, K_SOFT, 0, LOW_RW, true, IN_USER, "COMM",
	    "Linux: a swap entry"),
	FIELD(2, 3, LV_UP, K_ANY, "TT", "table type: 1 region third, 2 second, 3 first"),
	FIELD(0, 1, LV_RTE, K_TABLE, "TL", "table length: the last quarter of the next table"),
	ROW(SOFT_DIRTY, SOFT_DIRTY, LV_LARGE, K_LEAF | K_SOFT, 0, LOW_RW, true, 0, "SOFT_DIRTY",
	    "written to since it was last asked"),
	ROW(LOW_WRITE, LOW_WRITE, LV_LARGE, K_LEAF | K_SOFT, LOW_RW, 0, true, 0, "WRITE",
	    "may be written to"),
	ROW(LOW_READ, LOW_READ, LV_LARGE, K_LEAF | K_SOFT, LOW_RW, 0, true, 0, "READ",
	    "may be read"),
	ROW(PRESENT, PRESENT, LV_LARGE, K_LEAF | K_SOFT, 0, LOW_RW, true, 0, "PRESENT",
	    "a page is there"),
	ROW(PRESENT, PRESENT, LV_PMD, K_TABLE, 0, LOW_RW, true, 0, "PRESENT", "a table is there"),
};

/* asm/pgtable.h: what KVM keeps of a guest's page. UC, IN and VSIE, which moved, are not named. */
#define STATUS(n, name, what) \
	{ BIT(n), BIT(n), 0, name, NULL, what, 0, 0, LV_PTE, K_LEAF | K_SOFT, false, true, 0 }
#define STATUS_FIELD(first, last, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, 0, 0, LV_PTE, K_LEAF | K_SOFT, true, true, 0 }
static const struct mmu_flag pgste_flags[] = {
	STATUS_FIELD(60, 63, "ACC", "access key of the page's storage key"),
	STATUS(59, "FP", "fetch protection of the storage key"),
	STATUS(55, "PCL", "this entry is locked"),
	STATUS(54, "HR", "the host saw it referenced"),
	STATUS(53, "HC", "the host saw it changed"),
	STATUS(50, "GR", "the guest's referenced bit"),
	STATUS(49, "GC", "the guest's changed bit"),
	STATUS(31, "ZERO", "the guest says: all zeros"),
	STATUS(30, "NODAT", "the guest says: no tables of its own lie there"),
	STATUS_FIELD(24, 25, "USAGE",
		     "the guest says: 1 unused, 2 potentially volatile, 3 volatile"),
};

#define LEVELS(offset) \
	{ { "PTE", .may_be_leaf = true, .second_offset = offset }, \
	  { "PMD", .may_be_leaf = true }, { "PUD", .may_be_leaf = true }, { "P4D" }, { "PGD" } }
static const struct mmu_level levels[NR_LEVELS] = LEVELS(0);
static const struct mmu_level pgste_levels[NR_LEVELS] = LEVELS(2048);
/* clang-format on */

#define FORMAT(text, about, rows)                                                                  \
	.size = sizeof(struct mmu_format), .name = text, .title = about, .kind = MMU_FORMAT_RADIX, \
	.entry_bytes = 8, .slot_bytes = 8, .big_endian = true, .nr_levels = NR_LEVELS,             \
	.level = rows, .flags = flags, .nr_flags = COUNT(flags), .decode = s390x_decode,           \
	.encode = s390x_encode, .explain = s390x_explain, .alike = s390x_alike,                    \
	.audit = s390x_audit, .root_other_bits = ~ASCE_ORIGIN
const struct mmu_format s390x_formats[NR_FORMATS] = {
	[DAT] = { FORMAT("dat", "dynamic address translation (SA22-7832, chapter 3)", levels) },
	[PGSTE] = { FORMAT("pgste", "the same, with KVM's page status beside each page entry",
			   pgste_levels),
		    .second_name = "PGSTE", .second_flags = pgste_flags,
		    .nr_second_flags = COUNT(pgste_flags) },
};

/*
 * User and kernel both begin at 0, in spaces of their own. Entries don't say whose pages they map:
 * what the other mode may not do is missing in the regime's rights.
 */
#define USER_RIGHTS (MMU_RIGHTS_ALL & ~MMU_RIGHT_EXEC_PRIV)
#define KERNEL_RIGHTS (MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_EXEC_PRIV)
#define TOP_SHIFT(top) (20 + 11 * ((top)-PMD))
#define SHAPE(top, n)                                                                              \
	{                                                                                          \
		(n) > (top) ? 0 : TOP_SHIFT(n), (n) > (top) ? 0 : 11                               \
	}

#define REGIME(text, which, kind, top, quarters)                                                   \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .format = &s390x_formats[kind], .name = text,   \
		.last_va = (quarters) * (BIT(TOP_SHIFT(top)) * QUARTER) - 1,                       \
		.pa_mask = UINT64_MAX, .page_lg2 = 12, .top_level = top,                           \
		.rights = (which) == MMU_HALF_USER ? USER_RIGHTS : KERNEL_RIGHTS, .half = which,   \
		.shape = {                                                                         \
			{ 12, 8 }, { 20, 11 }, SHAPE(top, PUD), SHAPE(top, P4D), SHAPE(top, PGD)   \
		},                                                                                 \
	}
#define SAMPLE(id, text, which, kind, top, quarters)                                               \
	static const struct mmu_regime id##_regime =                                               \
		REGIME((which) == MMU_HALF_USER ? "user" : "kernel", which, kind, top, quarters);  \
	static const struct mmu_regime *const id##_regimes[] = { &id##_regime };                   \
	static const struct mmu_sample id = { sizeof(struct mmu_sample), text, id##_regimes, 1 }

SAMPLE(sample3, "3level", MMU_HALF_USER, DAT, PUD, 4);
SAMPLE(sample2, "2level", MMU_HALF_USER, DAT, PMD, 4);
SAMPLE(sample4, "4level", MMU_HALF_USER, DAT, P4D, 4);
SAMPLE(sample5, "5level", MMU_HALF_USER, DAT, PGD, 4);
SAMPLE(kernel3, "kernel-3level", MMU_HALF_KERNEL, DAT, PUD, 4);
SAMPLE(kernel4, "kernel-4level", MMU_HALF_KERNEL, DAT, P4D, 4);
SAMPLE(half3, "3level-half", MMU_HALF_USER, DAT, PUD, 2);
SAMPLE(guest3, "pgste", MMU_HALF_USER, PGSTE, PUD, 4);

const struct mmu_sample *const s390x_samples[S390X_NR_SAMPLES] = {
	&sample5, &sample4, &sample3, &sample2, &kernel3, &kernel4, &half3, &guest3,
};

void s390x_regime(enum mmu_half half, unsigned int top, unsigned int quarters, uint64_t root_pa,
		  struct mmu_regime *ret)
{
	const struct mmu_regime *whole = &sample5_regime;
	struct mmu_regime regime = half == MMU_HALF_USER ? sample3_regime : kernel3_regime;

	regime.top_level = (uint8_t)top;
	regime.root_pa = root_pa;
	regime.last_va = quarters * (BIT(TOP_SHIFT(top)) * QUARTER) - 1;
	for (unsigned int n = PUD; n < NR_LEVELS; n++)
		regime.shape[n] = n > top ? (struct mmu_shape){ 0, 0 } : whole->shape[n];
	*ret = regime;
}
