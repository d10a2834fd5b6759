/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The x86_64 back-end: 4- and 5-level paging as Linux uses it; README.md has the bits by section.
 */
#include <string.h>

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

enum { PTE, PMD, PUD }; /* above: P4D or PGD, PGD */

enum {
	L1TF = 1 << 0,
	SAVED_DIRTY = 1 << 1,
	NO_DEVMAP = 1 << 2,
	SWAP_SD7 = 1 << 3,
	ENCRYPTION = 1 << 4,
	PTI = 1 << 5,
};

static const struct mmu_trait traits[] = {
	{ L1TF, "l1tf", "entries that are not present hold their address inverted (4.19)" },
	{ SAVED_DIRTY, "saved-dirty", "bit 58 is SAVED_DIRTY, DEVMAP is bit 57 (6.6)" },
	{ NO_DEVMAP, "no-devmap", "no DEVMAP; bit 11 of a kernel page is KERNEL_4K (7.1)" },
	{ SWAP_SD7, "swap-sd7",
	  "a swap entry's soft-dirty mark is bit 7, not bit 1 (before 4.14)" },
	{ ENCRYPTION, "encryption", "bits missing in pa_mask are SME, SEV or TDX, not reserved" },
	{ PTI, "pti", "NX of user slots in the top table only guards the kernel's copy (KPTI)" },
};

/* clang-format off */
#define LV_PTE   (1u << PTE)
#define LV_LARGE (1u << PMD | 1u << PUD)
#define LV_LEAF  (LV_PTE | LV_LARGE)
#define LV_TOP   (3u << 3) /* whichever is the top: Linux sets no such bit in a P4D */
#define LV_ALL   0x1fu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_HELD   (MMU_KINDS(MMU_KIND_TABLE) | K_LEAF)
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)

/* Read by hardware / by Linux alone: bit, levels, kinds, if_traits, no_traits, name, what. */
#define HW(n, lv, k, if_, no, name, what) \
	{ BIT(n), BIT(n), name, NULL, what, if_, no, lv, k, false, false }
#define SW(n, lv, k, if_, no, name, what) \
	{ BIT(n), BIT(n), name, NULL, what, if_, no, lv, k, false, true }
/* In a software entry: `mask` must read `value` beside the bit. */
#define AMONG(n, mask, value, lv, if_, no, name, what) \
	{ BIT(n) | (mask), BIT(n) | (value), name, NULL, what, if_, no, lv, K_SOFT, false, true }
#define SWAP(n, if_, no, name, what) AMONG(n, PROTNONE | PSE, 0, LV_LEAF, if_, no, name, what)
/* Kept in a page without access, and in a huge page that is being split. */
#define KEPT(n, if_, no, name, what) \
	AMONG(n, PROTNONE, PROTNONE, LV_LEAF, if_, no, name, what), \
	AMONG(n, PROTNONE | PSE, PSE, LV_LARGE, if_, no, name, what)

/* Lowest bit first: this is the order in which they are shown. */
static const struct mmu_flag flags[] = {
	HW(0,  LV_ALL,   K_HELD, 0, 0, "PRESENT", "the entry is valid"),
	HW(1,  LV_ALL,   K_HELD, 0, 0, "RW", "writes are allowed"),
	SWAP(1,                  0, SWAP_SD7, "SWP_SOFT_DIRTY", "soft-dirty when swapped out"),
	AMONG(1, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "RW", "writes were allowed"),
	HW(2,  LV_ALL,   K_HELD, 0, 0, "USER", "user mode has access"),
	SWAP(2,                  0, 0, "SWP_UFFD_WP", "userfaultfd write-protected it"),
	AMONG(2, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "USER", "user mode had access"),
	HW(3,  LV_ALL,   K_HELD, 0, 0, "PWT", "write-through: bit 0 of the PAT index"),
	SWAP(3,                  0, 0, "SWP_EXCLUSIVE", "an anonymous page of this process alone"),
	HW(4,  LV_ALL,   K_HELD, 0, 0, "PCD", "not cached: bit 1 of the PAT index"),
	HW(5,  LV_ALL,   K_HELD, 0, 0, "ACCESSED", "was used"),
	KEPT(5,                  0, 0, "ACCESSED", "was used"),
	HW(6,  LV_LEAF,  K_LEAF, 0, 0, "DIRTY", "was written to"),
	KEPT(6,                  0, 0, "DIRTY", "was written to"),
	HW(7,  LV_PTE,   K_LEAF, 0, 0, "PAT", "bit 2 of the PAT index"),
	HW(7,  LV_ALL & ~LV_PTE, K_LEAF, 0, 0, "PSE", "maps a large page"),
	AMONG(7, PROTNONE, PROTNONE, LV_PTE, 0, 0, "PAT", "bit 2 of the PAT index"),
	AMONG(7, 0, 0, LV_LARGE, 0, 0, "PSE", "a large page"),
	AMONG(7, PROTNONE, 0, LV_PTE, SWAP_SD7, 0, "SWP_SOFT_DIRTY", "soft-dirty when swapped out"),
	HW(8,  LV_LEAF,  K_LEAF, 0, 0, "GLOBAL", "survives a change of address space in the TLB"),
	AMONG(8, 0, 0, LV_LEAF,  0, 0, "PROTNONE", "the page is there without any access"),
	SW(9,  LV_LEAF,  K_LEAF, 0, 0, "SPECIAL", "the page has no reference count to keep"),
	KEPT(9,                  0, 0, "SPECIAL", "the page has no reference count to keep"),
	SW(10, LV_LEAF,  K_LEAF, 0, 0, "UFFD_WP", "userfaultfd write-protected it"),
	KEPT(10,                 0, 0, "UFFD_WP", "userfaultfd write-protected it"),
	SW(11, LV_LEAF,  K_LEAF, 0, NO_DEVMAP, "SOFT_DIRTY", "written to since clear_refs"),
	{ BIT(11) | USER, BIT(11) | USER, "SOFT_DIRTY", NULL, "written to since clear_refs",
	  NO_DEVMAP, 0, LV_LEAF, K_LEAF, false, true },
	{ BIT(11) | USER, BIT(11), "KERNEL_4K", NULL, "not to be merged into a large page",
	  NO_DEVMAP, 0, LV_PTE, K_LEAF, false, true },
	KEPT(11,                 0, 0, "SOFT_DIRTY", "written to since clear_refs"),
	HW(12, LV_LARGE, K_LEAF, 0, 0, "PAT", "bit 2 of the PAT index"),
	SW(57, LV_LEAF,  K_LEAF, SAVED_DIRTY, NO_DEVMAP, "DEVMAP", "memory of a device (pmem)"),
	KEPT(57,                 SAVED_DIRTY, NO_DEVMAP, "DEVMAP", "memory of a device (pmem)"),
	SW(58, LV_LEAF,  K_LEAF, 0, SAVED_DIRTY, "DEVMAP", "memory of a device (pmem)"),
	KEPT(58,                 0, SAVED_DIRTY, "DEVMAP", "memory of a device (pmem)"),
	SW(58, LV_LEAF,  K_LEAF, SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	KEPT(58,                 SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	SW(58, LV_TOP,   K_TABLE, SAVED_DIRTY, 0, "NOPTISHADOW", "KPTI keeps no user copy"),
	{ BITS(59, 62), 0, "PKEY", NULL, "protection key", 0, 0, LV_LEAF, K_LEAF, true, false },
	HW(63, LV_ALL,   K_HELD, 0, 0, "NX", "instructions are not fetched"),
	AMONG(63, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "NX", "instructions were not fetched"),
};

#define LEVEL(name, shift, leaf) { name, shift, 9, leaf, 0, 0 }
static const struct mmu_level levels4[] = {
	LEVEL("PTE", 12, true), LEVEL("PMD", 21, true), LEVEL("PUD", 30, true),
	LEVEL("PGD", 39, false),
};
static const struct mmu_level levels5[] = {
	LEVEL("PTE", 12, true), LEVEL("PMD", 21, true), LEVEL("PUD", 30, true),
	LEVEL("P4D", 39, false), LEVEL("PGD", 48, false),
};

#define FORMAT(text, about, bits, rows) \
	{ .name = text, .title = about, .entry_bytes = 8, .va_bits = bits, .pa_bits = 52, \
	  .sign_extended = true, .nr_levels = COUNT(rows), .level = rows, \
	  .flags = flags, .nr_flags = COUNT(flags) }
static const struct mmu_format formats[] = {
	FORMAT("4level", "4-level paging (Intel SDM Vol. 3A, chapter 4.5)", 48, levels4),
	FORMAT("5level", "5-level paging (Intel SDM Vol. 3A, chapter 4.5)", 57, levels5),
};
/* clang-format on */

/* ------------------------------------------------------------------ entries */

/* Linux masks with physical_mask, which lacks the encryption bit: that is no part of an address. */
static uint64_t address_bits(const struct mmu_regime *regime)
{
	return regime->traits & ENCRYPTION ? regime->pa_mask & ADDRESS : ADDRESS;
}

static void decode_absent(unsigned int level, uint64_t raw, struct mmu_entry *ret)
{
	if (!(raw & ~(ACCESSED | DIRTY))) { /* as pte_none(): _PAGE_KNL_ERRATUM_MASK, 4.8 */
		if (raw)
			ret->note = "only bits 5 and 6, which Xeon Phi may set by mistake";
	} else if (level <= PUD) {
		ret->kind = MMU_KIND_SOFTWARE;
	} else {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = raw;
		ret->note = "not present, yet not 0: Linux keeps nothing at this level";
	}
}

static const char *bad_note(unsigned int level, uint64_t bad, uint64_t beyond)
{
	if (bad & beyond)
		return "reserved: address bits beyond the processor's physical address width";
	if (level > PUD)
		return "reserved: bit 7 must be 0 in this table";
	return level == PMD ? "reserved: bits 13 to 20 of a 2 MiB page must be 0"
			    : "reserved: bits 13 to 29 of a 1 GiB page must be 0";
}

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	bool leaf = level == PTE || (level <= PUD && raw & PSE);
	bool large = leaf && level > PTE;
	bool copy = regime->traits & PTI && level + 1u == regime->format->nr_levels && raw & USER;
	bool nx = raw & NX && !copy; /* pti.c:__pti_set_user_pgtbl() */
	uint64_t beyond = address_bits(regime) & ~regime->pa_mask;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & PRESENT)) {
		decode_absent(level, raw, ret);
		return;
	}
	ret->bad_mask = raw & (beyond | (large ? BITS(13, 11 + 9 * level) : level > PUD ? PSE : 0));
	if (ret->bad_mask) {
		ret->kind = MMU_KIND_BAD;
		ret->note = bad_note(level, ret->bad_mask, beyond);
		return;
	}
	ret->kind = leaf ? MMU_KIND_LEAF : MMU_KIND_TABLE;
	ret->pa = raw & regime->pa_mask & (leaf ? BITS(12 + 9 * level, 51) : ADDRESS);
	ret->rights = MMU_RIGHT_READ | (raw & RW ? MMU_RIGHT_WRITE : 0) |
		      (raw & USER ? MMU_RIGHT_USER : 0) | (nx ? 0 : MMU_RIGHT_EXEC_PRIV) |
		      (raw & USER && !nx ? MMU_RIGHT_EXEC : 0);
	if (leaf && regime->traits & SAVED_DIRTY && (raw & (RW | USER | DIRTY)) == (USER | DIRTY))
		ret->note = "shadow stack page"; /* SDM Vol. 3A, 4.6.1: R/W 0 with D 1 */
	else if (copy && raw & NX)
		ret->note = "NX only guards the kernel's copy of this table (KPTI)";
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool table = entry->kind == MMU_KIND_TABLE;
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC_PRIV;
	bool copy = regime->traits & PTI && level + 1u == regime->format->nr_levels && user;
	uint64_t pa = table ? entry->pa : entry->pa & BITS(12 + 9 * level, 63);
	uint64_t raw = PRESENT | ACCESSED | pa;

	if ((!table && entry->kind != MMU_KIND_LEAF) || (table ? level == PTE : level > PUD) ||
	    entry->run_lg2 || entry->next_first || entry->next_count ||
	    pa & ~(regime->pa_mask & ADDRESS) || !(entry->rights & MMU_RIGHT_READ) ||
	    !!(entry->rights & MMU_RIGHT_EXEC) != (user && exec) || (copy && !exec) ||
	    entry->rights & ~MMU_RIGHTS_ALL)
		return false;
	raw |= (entry->rights & MMU_RIGHT_WRITE ? RW : 0) | (user ? USER : 0);
	raw |= exec && !copy ? 0 : NX;
	/* Linux sets DIRTY in tables (_PAGE_TABLE); in a leaf without RW it means a shadow stack. */
	raw |= table || raw & RW ? DIRTY : 0;
	raw |= !table && level > PTE ? PSE : 0;
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	bool inverted = regime->traits &
			L1TF; /* pgtable-invert.h: whatever is not present and not 0 */
	bool large = level > PTE && raw & PSE;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (level > PUD || (raw & PROTNONE && level > PTE && !large))
		return; /* MMU_SOFTWARE_UNKNOWN */
	if (raw & PROTNONE ||
	    large) { /* as pmd_present(): bits 0, 7, 8; pmd_mkinvalid() inverts too */
		ret->kind = raw & PROTNONE ? MMU_SOFTWARE_NONE : MMU_SOFTWARE_SPLIT;
		ret->pa = (inverted ? ~raw : raw) & address_bits(regime) & BITS(12 + 9 * level, 51);
		return;
	}
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = (uint8_t)(inverted ? raw >> 59 : raw >> 9 & 31);
	ret->offset = inverted ? ~raw << 5 >> 14 : raw >> 14;
}

/* ------------------------------------------------------------------ facts */

#define IMAGE_MAP UINT64_C(0xffffffff80000000) /* __START_KERNEL_map */

static uint64_t little(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

static bool read_phys(const struct mmu_facts *facts, uint64_t pa, unsigned int bytes, uint64_t *ret)
{
	uint8_t buf[8];

	if (!facts->read_phys(facts->context, pa, buf, bytes))
		return false;
	*ret = little(buf, bytes);
	return true;
}

/* A variable of the kernel image, found without any page table. */
static bool variable(const struct mmu_facts *facts, const char *key, uint64_t offset,
		     unsigned int bytes, uint64_t *ret)
{
	uint64_t va, base;

	return get(facts, key, &va) && va >= IMAGE_MAP && get(facts, "NUMBER(phys_base)", &base) &&
	       read_phys(facts, va + offset - IMAGE_MAP + base, bytes, ret);
}

/* CR3 and CR4 of a CPU: QEMU's target/i386/arch_dump.c, struct QEMUCPUState version 1. */
static bool cpu_state(const struct mmu_facts *facts, unsigned int n, uint64_t *cr3, uint64_t *cr4)
{
	const uint8_t *data;
	size_t bytes;

	if (!facts->note(facts->context, "QEMU", 0, n, &data, &bytes) || bytes < 432 ||
	    little(data, 4) != 1 || little(data + 4, 4) < 432 || little(data + 4, 4) > bytes)
		return false;
	*cr3 = little(data + 416, 8);
	*cr4 = little(data + 424, 8);
	return true;
}

/* The first mapped page from *va to last_va. */
static bool first_page(const struct mmu_facts *facts, const struct mmu_regime *regime, uint64_t *va,
		       uint64_t last_va, uint64_t *ret_pa)
{
	for (unsigned int budget = 8192; budget > 0; budget--) {
		uint64_t table_pa = regime->root_pa, span = 0, raw;

		for (unsigned int level = regime->format->nr_levels; level-- > 0;) {
			unsigned int shift = regime->format->level[level].shift;
			struct mmu_entry entry = { .kind = MMU_KIND_EMPTY };

			span = BIT(shift) - 1;
			if (read_phys(facts, table_pa + (*va >> shift & 511) * 8, 8, &raw))
				decode(regime, level, raw, 0, &entry);
			table_pa = entry.pa;
			if (entry.kind == MMU_KIND_LEAF) {
				*ret_pa = entry.pa + (*va & span);
				return true;
			}
			if (entry.kind != MMU_KIND_TABLE)
				break;
		}
		if (last_va - *va <= (span & ~*va))
			return false;
		*va = (*va | span) + 1;
	}
	return false;
}

/*
 * Where the image lies, from a CPU's tables: cleanup_highmap() leaves nothing below _text. The
 * variable phys_base holds what is looked for, so it proves or refutes the answer.
 */
static void learn_phys_base(const struct mmu_facts *facts)
{
	struct mmu_regime regime = { .pa_mask = ADDRESS };
	uint64_t cr3, cr4, text, at, base, known, pa, mask;

	if (get(facts, "NUMBER(phys_base)", &base) || !cpu_state(facts, 0, &cr3, &cr4) ||
	    !facts->link_symbol(facts->context, "_stext", &text) ||
	    !facts->link_symbol(facts->context, "phys_base", &at))
		return;
	if (get(facts, "NUMBER(sme_mask)", &mask))
		regime.pa_mask &= ~mask;
	regime.format = &formats[cr4 >> 12 & 1];
	for (unsigned int i = 0; i < 2; i++) { /* KPTI: a CPU in user mode has bit 12 set */
		uint64_t va = IMAGE_MAP, slide;

		regime.traits = ENCRYPTION;
		regime.root_pa = cr3 & regime.pa_mask & ~(i == 0 ? BIT(12) : 0);
		if (!first_page(facts, &regime, &va, IMAGE_MAP + BIT(30) - 1, &pa))
			continue;
		slide = va - (text & ~BITS(0, 20));
		base = pa - (va - IMAGE_MAP);
		if (!read_phys(facts, at + slide - IMAGE_MAP + base, 8, &known) || known != base)
			continue;
		facts->derived(facts->context, "NUMBER(phys_base)", base,
			       "first page that CR3 maps in the kernel image; phys_base agrees");
		if (!get(facts, "KERNELOFFSET", &known))
			facts->derived(facts->context, "KERNELOFFSET", slide,
				       "first page that CR3 maps in the kernel image");
		return;
	}
}

static const char *find_format(const struct mmu_facts *facts, struct mmu_regime *regime)
{
	uint64_t five, cr3;
	const char *how = "variable __pgtable_l5_enabled";

	if (!get(facts, "NUMBER(pgtable_l5_enabled)", &five)) {
		if (variable(facts, "SYMBOL(__pgtable_l5_enabled)", 0, 4, &five)) {
			five = five != 0;
		} else if (cpu_state(facts, 0, &cr3, &five)) {
			five = five >> 12 & 1;
			how = "CR4.LA57 of CPU 0";
		} else if (get(facts, "SYMBOL(init_level4_pgt)", &five)) {
			five = 0;
			how = "a kernel with init_level4_pgt has 4 levels (before 4.13)";
		} else {
			return "4 or 5 levels? Neither NUMBER(pgtable_l5_enabled), nor the "
			       "variable "
			       "__pgtable_l5_enabled, nor CR4 is known";
		}
		facts->derived(facts->context, "NUMBER(pgtable_l5_enabled)", five, how);
	}
	regime->format = &formats[five != 0];
	return NULL;
}

/* Which bits are address. A limit that is too low would condemn good entries: only a sane one. */
static void find_pa_mask(const struct mmu_facts *facts, struct mmu_regime *regime)
{
	uint64_t value, offset;

	regime->pa_mask = ADDRESS;
	if (variable(facts, "SYMBOL(physical_mask)", 0, 8, &value) && !(BITS(12, 35) & ~value))
		regime->pa_mask &= value; /* 4.18; SME, SEV and TDX take their bit out of it */
	if ((get(facts, "NUMBER(sme_mask)", &value) ||
	     variable(facts, "SYMBOL(sme_me_mask)", 0, 8, &value)) &&
	    !(value & BITS(12, 35)))
		regime->pa_mask &= ~value;
	if (regime->pa_mask != ADDRESS) /* then CPUID's width is no guide: SME lowers it */
		regime->traits |= ENCRYPTION;
	else if (get(facts, "OFFSET(cpuinfo_x86.x86_phys_bits)", &offset) &&
		 variable(facts, "SYMBOL(boot_cpu_data)", offset, 1, &value) && value >= 36 &&
		 value <= 52)
		regime->pa_mask &= BITS(12, (unsigned int)value - 1);
}

/* A kernel has a trait when one of its keys is known. "TRAIT(name)" decides, if it is given. */
static const struct {
	uint32_t bit;
	const char *key, *proofs[2];
} eras[] = {
	{ L1TF, "TRAIT(l1tf)", { "SYMBOL(l1tf_mitigation)", "NUMBER(sme_mask)" } },
	{ SAVED_DIRTY, "TRAIT(saved-dirty)", { "SYMBOL(arch_check_zapped_pte)" } },
	{ NO_DEVMAP, "TRAIT(no-devmap)", { "OFFSET(page.compound_info)" } },
	{ SWAP_SD7, "TRAIT(swap-sd7)", { "SYMBOL(init_level4_pgt)" } },
};
#define DEFAULT_TRAITS (L1TF | SAVED_DIRTY | NO_DEVMAP)

static void find_traits(const struct mmu_facts *facts, struct mmu_regime *regime)
{
	uint64_t value;
	bool symbols = get(facts, "SYMBOL(init_task)", &value); /* in no VMCOREINFO */

	for (size_t i = 0; i < COUNT(eras); i++) {
		const char *how = symbols ? "symbols" : "assumed: no symbols to tell the release";
		uint64_t on = !symbols && DEFAULT_TRAITS & eras[i].bit;

		for (size_t j = 0; j < COUNT(eras[i].proofs) && eras[i].proofs[j]; j++) {
			if (!get(facts, eras[i].proofs[j], &value))
				continue;
			on = 1;
			how = eras[i].proofs[j];
		}
		if (eras[i].bit == SWAP_SD7 && regime->traits & L1TF)
			on = 0; /* its backports brought bit 1 along */
		if (get(facts, eras[i].key, &value))
			on = value;
		else
			facts->derived(facts->context, eras[i].key, on, how);
		regime->traits |= on ? eras[i].bit : 0;
	}
}

/*
 * Is this the kernel's copy of a KPTI pair? It has NX in present user slots, and the page after it
 * repeats them without. Linux sets NX there for no other reason, so without that page NX suffices.
 */
static bool is_pti_pair(const struct mmu_facts *facts, uint64_t root_pa)
{
	uint8_t kernel[2048], user[2048];
	bool both;

	if (root_pa & BIT(12) || !facts->read_phys(facts->context, root_pa, kernel, sizeof(kernel)))
		return false;
	both = facts->read_phys(facts->context, root_pa | BIT(12), user, sizeof(user));
	for (size_t i = 0; i < sizeof(kernel); i += 8) {
		uint64_t raw = little(kernel + i, 8);

		if ((raw & (PRESENT | USER | NX)) == (PRESENT | USER | NX) &&
		    (!both || ((raw ^ little(user + i, 8)) & ~(ACCESSED | DIRTY)) == NX))
			return true;
	}
	return false;
}

static const char *find_root(const struct mmu_facts *facts, const struct mmu_root *root,
			     struct mmu_regime *regime)
{
	static const char *const symbols[] = { "SYMBOL(init_top_pgt)", "SYMBOL(swapper_pg_dir)",
					       "SYMBOL(init_level4_pgt)" };
	uint64_t value = root->value, base;

	if (root->kind == MMU_ROOT_CPU) {
		if (root->value > UINT32_MAX ||
		    !cpu_state(facts, (unsigned int)root->value, &value, &base))
			return "the image has no registers of this CPU: only QEMU writes CR3";
		value &= address_bits(regime); /* without PCID, LAM and the C-bit */
		if (is_pti_pair(facts, value & ~BIT(12)))
			value &= ~BIT(12);
	} else if (root->kind == MMU_ROOT_KERNEL) {
		size_t i = 0;

		while (i < COUNT(symbols) && !get(facts, symbols[i], &value))
			i++;
		if (i == COUNT(symbols))
			return "SYMBOL(init_top_pgt) is not known";
		if (!get(facts, "NUMBER(phys_base)", &base))
			return "NUMBER(phys_base) is not known";
		value = value - IMAGE_MAP + base;
	}
	regime->root_pa = value;
	return value & BITS(0, 11) ? "the top table does not begin at a page" : NULL;
}

static const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret)
{
	struct mmu_regime regime = { .traits = 0 };
	const char *missing;

	learn_phys_base(facts);
	missing = find_format(facts, &regime);
	if (missing)
		return missing;
	find_pa_mask(facts, &regime);
	find_traits(facts, &regime);
	missing = find_root(facts, root, &regime);
	if (missing)
		return missing;
	if (is_pti_pair(facts, regime.root_pa)) {
		facts->derived(facts->context, "TRAIT(pti)", 1,
			       "NX in user slots of a top table, which the next page lacks");
		if (root->user_half)
			regime.root_pa |= BIT(12);
		else
			regime.traits |= PTI;
	} else if (root->user_half) {
		return "user mode runs on the same tables: no sign of KPTI in the top one";
	}
	*ret = regime;
	return NULL;
}

/* The direct map begins at its variable (4.8), else at the lowest page in its part of the space. */
static bool find_direct_map(const struct mmu_facts *facts, struct mmu_linear *ret)
{
	const struct mmu_root root = { .kind = MMU_ROOT_KERNEL };
	struct mmu_regime regime;
	uint64_t first, last, va, pa, last_pa, size;

	if (locate(facts, &root, &regime))
		return false;
	size = regime.format == &formats[1] ? BIT(55) : BIT(46);
	if (!variable(facts, "SYMBOL(page_offset_base)", 0, 8, &first)) {
		va = size == BIT(55) ? UINT64_C(0xff10000000000000) : UINT64_C(0xffff880000000000);
		if (!first_page(facts, &regime, &va, IMAGE_MAP - 1, &pa))
			return false;
		first = va - pa;
		va = first + regime.root_pa;
		if (!first_page(facts, &regime, &va, va, &pa) || pa != regime.root_pa)
			return false;
		facts->derived(facts->context, "PAGE_OFFSET", first,
			       "lowest mapped page; the top table is where this says");
	}
	if (!variable(facts, "SYMBOL(vmalloc_base)", 0, 8, &last)) {
		last_pa = 0;
		for (unsigned int i = 0; i < 65536 && facts->ram(facts->context, i, &pa, &last);
		     i++)
			last_pa = last > last_pa ? last : last_pa;
		last = first + (last_pa ? last_pa : size - 1) + 1;
	}
	if (first & BITS(0, 11) || first < (UINT64_MAX << 56) || first >= last || last > IMAGE_MAP)
		return false;
	last = last - first > size ? first + size : last;
	*ret = (struct mmu_linear){ first, last - 1, 0, "direct map" };
	return true;
}

static const char *linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	uint64_t base, size, slide;

	learn_phys_base(facts);
	if (!get(facts, "NUMBER(phys_base)", &base))
		return "NUMBER(phys_base) is not known, nor a CPU's CR3 with symbols to find it by";
	/* 512 MiB, or 1 GiB with RANDOMIZE_BASE; the modules follow and lie elsewhere. */
	if (!get(facts, "NUMBER(KERNEL_IMAGE_SIZE)", &size) || size > BIT(30) || size < BIT(21))
		size = get(facts, "KERNELOFFSET", &slide) && slide ? BIT(30) : BIT(29);
	ret[0] = (struct mmu_linear){ IMAGE_MAP, IMAGE_MAP + size - 1, base, "image" };
	*ret_nr = 1 + find_direct_map(facts, &ret[1]);
	return NULL;
}

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "x86_64",
	.title = "x86-64 (Intel 64, AMD64)",
	.elf_machine = 62, /* EM_X86_64 */
	.elf_class = 2,
	.page_lg2 = 12,
	.formats = formats,
	.nr_formats = COUNT(formats),
	.traits = traits,
	.nr_traits = COUNT(traits),
	.default_traits = DEFAULT_TRAITS,
	.decode = decode,
	.encode = encode,
	.explain = explain,
	.locate = locate,
	.linear = linear,
};
