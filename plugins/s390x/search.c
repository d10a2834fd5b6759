/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an s390x kernel that nothing describes, by the shape of its own tables. */
#include "s390x.h"

/*
 * A kernel's top table is the one that maps itself: in the identity mapping of all memory, and
 * since 6.10 also in the image, which is the last thing that is mapped. Tables of processes map
 * what processes have. All entries of a table say what type it is of.
 */
#define TABLE_BYTES (TABLE_ENTRIES * 8u)
#define PAGE_BYTES BIT(12)
#define RANGES_MAX 65536u
#define CPUS_MAX 64u
#define MISSING_MAX (1u << 22) /* tables' places that are not there, of 64 GiB */

static bool read_word(const struct mmu_facts *facts, uint64_t pa, uint64_t *ret)
{
	uint8_t word[8];

	if (!facts->read_phys(facts->context, pa, word, sizeof(word)))
		return false;
	*ret = s390x_big(word, sizeof(word));
	return true;
}

/* The first entry leads on in the kernel's tables: memory begins at 0, or the lowcore does. */
static bool may_be_top(const struct mmu_facts *facts, uint64_t pa, unsigned int *ret_top)
{
	uint64_t first, last;

	if (!read_word(facts, pa, &first) || first & (UP_INVALID | UP_OFFSET | UP_LARGE) ||
	    (first & UP_LENGTH) != UP_LENGTH || !(first & ASCE_ORIGIN))
		return false;
	*ret_top = PMD + (unsigned int)((first & UP_TYPE) >> 2);
	return (*ret_top == PUD || *ret_top == P4D) &&
	       read_word(facts, pa + TABLE_BYTES - 8, &last) &&
	       (last & UP_TYPE) == type_of(*ret_top);
}

static bool maps(const struct mmu_facts *facts, const struct mmu_regime *regime, uint64_t va,
		 uint64_t pa)
{
	uint64_t seen;

	return facts->walk(facts->context, regime, va, &seen) && seen == pa;
}

/* Where all memory is mapped: at 0, or behind the lowcore what is mapped first. */
static bool find_identity(const struct mmu_facts *facts, const struct mmu_regime *regime,
			  uint64_t *ret_base)
{
	uint64_t va = 2 * PAGE_BYTES, pa;

	*ret_base = 0;
	if (maps(facts, regime, regime->root_pa, regime->root_pa))
		return true;
	if (!facts->next_mapped(facts->context, regime, &va, regime->last_va, &pa) || va < pa)
		return false;
	*ret_base = va - pa;
	return maps(facts, regime, regime->root_pa + *ret_base, regime->root_pa);
}

/* The last address that any table maps. @return false: a table is not there */
static bool last_mapped(const struct mmu_facts *facts, const struct mmu_regime *regime,
			uint64_t *ret_va)
{
	uint64_t table = regime->root_pa, va = 0, raw = 0;

	for (unsigned int level = regime->top_level; level > PTE; level--) {
		unsigned int index = TABLE_ENTRIES;
		unsigned int shift = regime->shape[level].shift;

		do
			if (!index || !read_word(facts, table + --index * 8, &raw))
				return false;
		while (raw & UP_INVALID);
		va += (uint64_t)index << shift;
		if (level <= PUD && raw & UP_LARGE) {
			*ret_va = va + (BIT(shift) - 1);
			return true;
		}
		table = raw & (level == PMD ? ~BITS(0, 10) : ASCE_ORIGIN);
	}
	for (unsigned int index = 256; index--;) {
		if (!read_word(facts, table + index * 8, &raw))
			return false;
		if (!(raw & INVALID)) {
			*ret_va = va + (index + 1) * PAGE_BYTES - 1;
			return true;
		}
	}
	return false;
}

/*
 * The image: the last piece of addresses that is linear. It has the top table, and begins with the
 * kernel's text. Large pages are gone through like small ones.
 */
static bool find_image(const struct mmu_facts *facts, const struct mmu_regime *regime,
		       uint64_t *ret_va, uint64_t *ret_pa)
{
	uint64_t last, first, pa, before;

	if (!last_mapped(facts, regime, &last))
		return false;
	first = last & ~(PAGE_BYTES - 1);
	if (!facts->walk(facts->context, regime, first, &pa))
		return false;
	for (uint64_t at = pa; last - first < IMAGE_BYTES_MAX && first && at >= PAGE_BYTES;) {
		if (!facts->walk(facts->context, regime, first - PAGE_BYTES, &before) ||
		    before != at - PAGE_BYTES)
			break;
		first -= PAGE_BYTES;
		at = pa = before;
	}
	*ret_va = first;
	*ret_pa = pa;
	return regime->root_pa >= pa && regime->root_pa - pa < last - first;
}

/* @return false: a CPU's home space, which is the kernel's, is another */
static bool cpus_agree(const struct mmu_facts *facts, uint64_t root_pa, const char **ret_how)
{
	uint64_t asce;

	*ret_how = "top table by its shape: it maps itself";
	for (unsigned int n = 0; n < CPUS_MAX && s390x_control(facts, n, 13, &asce); n++) {
		if (asce & ASCE_ORIGIN && (asce & ASCE_ORIGIN) != root_pa)
			return false;
		*ret_how = "control register 13, and by its shape: it maps itself";
	}
	return true;
}

static void tell_image(const struct mmu_facts *facts, const struct mmu_regime *regime,
		       const char *how)
{
	uint64_t va, pa, link;

	if (find_image(facts, regime, &va, &pa) && pa >= TEXT_OFFSET && va - pa) {
		facts->derived(facts->context, "KERNELOFFSET", va - TEXT_OFFSET,
			       "the image's first page, by the tables", 0);
		facts->derived(facts->context, "KERNELOFFPHYS", pa - TEXT_OFFSET,
			       "the image's first page, by the tables", 0);
		facts->derived(facts->context, "SYMBOL(_stext)", va,
			       "the image's first page, by the tables", 0);
	} else if (facts->link_symbol(facts->context, "swapper_pg_dir", &link)) {
		facts->derived(facts->context, "KERNELOFFSET", regime->root_pa - link, how, 0);
	}
}

static bool take(const struct mmu_facts *facts, uint64_t pa)
{
	struct mmu_regime regime;
	unsigned int top;
	const char *how;
	uint64_t base;

	if (!may_be_top(facts, pa, &top) || !cpus_agree(facts, pa, &how))
		return false;
	s390x_regime(MMU_HALF_KERNEL, top, 4, pa, &regime);
	if (!find_identity(facts, &regime, &base))
		return false;
	facts->derived(facts->context, KERNEL_ROOT, pa, how, 0);
	facts->derived(facts->context, "IDENTITYBASE", base, how, 0);
	tell_image(facts, &regime, how);
	return true;
}

bool s390x_search(const struct mmu_facts *facts, uint64_t *pa)
{
	uint64_t first, last, again, end, from = *pa;
	unsigned int missing = 0;
	uint8_t byte;

	for (unsigned int n = 0; n < RANGES_MAX && facts->ram(facts->context, n, &first, &last);
	     n++) {
		first = first > from ? first : from;
		if (first > UINT64_MAX - TABLE_BYTES)
			break;
		first = (first + TABLE_BYTES - 1) & ~(uint64_t)(TABLE_BYTES - 1);
		for (; first <= last && last - first >= TABLE_BYTES - 1; first += TABLE_BYTES) {
			if (!facts->read_phys(facts->context, first, &byte, 1)) {
				if (++missing == MISSING_MAX)
					return false;
				/* a search that is stopped has no more RAM */
				if (missing % 4096 == 0 &&
				    !facts->ram(facts->context, n, &again, &end))
					return false;
				continue;
			}
			if (!take(facts, first))
				continue;
			*pa = first + TABLE_BYTES;
			return true;
		}
	}
	return false;
}
