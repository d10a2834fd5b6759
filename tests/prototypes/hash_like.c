/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A prototype for tests: POWER's hashed page table, and beside it the tree that Linux keeps.
 *
 * Power ISA 2.07, Book III-S, 5.7.7 and 5.7.8; arch/powerpc/include/asm/book3s/64/pgtable.h, hash.h
 * and mmu-hash.h for what Linux does with it.
 */
#include "prototypes/hash_like.h"

#define BIT(n) (UINT64_C(1) << (n))

#define LEAF MMU_KINDS(MMU_KIND_LEAF)
#define TABLES MMU_KINDS(MMU_KIND_TABLE)
#define EXEC (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV)

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

/* ------------------------------------------------------------------ Linux's tree */

#define T_PRESENT BIT(63)
#define T_PTE BIT(62) /* an entry, not a pointer to a table */
#define T_SPLIT BIT(61)
#define T_RPN (BIT(53) - 1)
#define T_EXEC BIT(0)
#define T_WRITE BIT(1)
#define T_READ BIT(2)
#define T_PRIVILEGED BIT(3)
#define T_DIRTY BIT(7)
#define T_ACCESSED BIT(8)
#define T_SOFT_DIRTY BIT(9)
#define T_SPECIAL BIT(10)
#define T_NOT_POINTER (BIT(63) | BIT(62) | 0xff)

#define T_FLAG(bit, name, levels, kinds, what)                                                     \
	{                                                                                          \
		bit, bit, 0, name, NULL, what, 0, 0, levels, kinds, false, false                   \
	}
static const struct mmu_flag tree_flags[] = {
	T_FLAG(T_PRESENT, "PRESENT", 15, LEAF | TABLES, "it is there"),
	T_FLAG(T_PTE, "PTE", 7, LEAF, "maps memory itself"),
	T_FLAG(T_EXEC, "EXEC", 7, LEAF, "may be run"),
	T_FLAG(T_WRITE, "WRITE", 7, LEAF, "may be written to"),
	T_FLAG(T_READ, "READ", 7, LEAF, "may be read"),
	T_FLAG(T_PRIVILEGED, "PRIVILEGED", 7, LEAF, "of the kernel"),
	{ 3u << 4, 0, 0, "CACHE", NULL, "kind of caching", 0, 0, 7, LEAF, true, false },
	T_FLAG(T_DIRTY, "DIRTY", 7, LEAF, "was written to"),
	T_FLAG(T_ACCESSED, "ACCESSED", 7, LEAF, "was used"),
	T_FLAG(T_SOFT_DIRTY, "SOFT_DIRTY", 7, LEAF, "was written to, for checkpoints"),
	T_FLAG(T_SPECIAL, "SPECIAL", 1, LEAF, "no struct page"),
};

static uint64_t level_mask(const struct mmu_regime *regime, unsigned int level)
{
	return ~(BIT(regime->shape[level].shift) - 1);
}

/* Huge pages have 16 MiB and 16 GiB, however many entries that takes. */
static uint8_t tree_run(const struct mmu_regime *regime, unsigned int level)
{
	unsigned int huge = level == 1   ? 24
			    : level == 2 ? 34
					 : 0,
		     shift = regime->shape[level].shift;

	return (uint8_t)(huge > shift ? huge - shift : 0);
}

/* pmdp_invalidate() takes PRESENT away from a huge page that is being split. */
static bool is_split(unsigned int level, uint64_t raw)
{
	return level > 0 && !(raw & T_PRESENT) && raw & T_SPLIT;
}

static uint8_t tree_rights(uint64_t raw)
{
	uint8_t rights = 0;

	rights |= raw & T_READ ? MMU_RIGHT_READ : 0;
	rights |= raw & T_WRITE ? MMU_RIGHT_WRITE : 0;
	rights |= raw & T_PRIVILEGED ? 0 : MMU_RIGHT_USER;
	if (raw & T_EXEC)
		rights |= raw & T_PRIVILEGED ? MMU_RIGHT_EXEC_PRIV : EXEC;
	return rights;
}

static void tree_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      struct mmu_entry *ret)
{
	static const uint8_t memory[] = { MMU_MEMORY_WRITEBACK, MMU_MEMORY_WRITEBACK,
					  MMU_MEMORY_DEVICE, MMU_MEMORY_COMBINING };
	uint64_t hashed = regime->page_lg2 == 16 ? BIT(55) : BIT(60);
	uint64_t pa = raw & T_RPN & level_mask(regime, level);

	ret->run_lg2 = tree_run(regime, level);
	pa &= level_mask(regime, level) << ret->run_lg2;
	if (pa & ~regime->pa_mask) {
		bad(ret, pa & ~regime->pa_mask, "beyond the physical address bits");
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = pa;
	ret->rights = tree_rights(raw);
	ret->attrs = MMU_ATTR_KNOWN;
	ret->attrs |= raw & T_ACCESSED ? MMU_ATTR_ACCESSED : 0;
	ret->attrs |= raw & T_DIRTY ? MMU_ATTR_DIRTY : 0;
	ret->attrs |= raw & T_SOFT_DIRTY ? MMU_ATTR_SOFT_DIRTY : 0;
	ret->attrs |= raw & T_SPECIAL && level == 0 ? MMU_ATTR_SPECIAL : 0;
	ret->memory = memory[raw >> 4 & 3];
	if (!(raw & hashed))
		ret->note = "not in the hashed table: hardware faults at its next use";
}

static void tree_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, struct mmu_entry *ret)
{
	bool entry = level == 0 || raw & T_PTE;

	*ret = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
	if (!raw)
		return;
	if (entry && level > 2) {
		bad(ret, T_PTE, "no pages at this level");
	} else if (entry && (raw & T_PRESENT) && raw & (T_READ | T_WRITE | T_EXEC)) {
		tree_leaf(regime, level, raw, ret);
	} else if (entry) { /* also what hardware could use: PROT_NONE is PRESENT */
		ret->kind = MMU_KIND_SOFTWARE;
		ret->rights = is_split(level, raw) ? tree_rights(raw) : 0;
	} else if (raw & 0x3f) {
		bad(ret, 0x3f, "a directory of huge pages, which this prototype does not follow");
	} else if (raw & ~T_NOT_POINTER & ~regime->pa_mask) {
		bad(ret, raw & ~T_NOT_POINTER & ~regime->pa_mask,
		    "beyond the physical address bits");
	} else {
		ret->kind = MMU_KIND_TABLE;
		ret->rights = MMU_RIGHTS_ALL;
		ret->pa = raw & ~T_NOT_POINTER;
	}
}

static bool tree_encode(const struct mmu_regime *regime, unsigned int level,
			const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t pa = entry->pa & level_mask(regime, level), raw = T_PRESENT | T_PTE;
	uint8_t exec = entry->rights & EXEC;
	bool user = entry->rights & MMU_RIGHT_USER;

	if (entry->next_first || entry->next_count)
		return false;
	if (entry->kind == MMU_KIND_TABLE) {
		if (level == 0 || entry->run_lg2 || entry->rights != MMU_RIGHTS_ALL ||
		    entry->pa & (T_NOT_POINTER | ~regime->pa_mask))
			return false;
		*ret_raw = entry->pa | T_PRESENT;
		*ret_second = 0;
		return true;
	}
	if (entry->kind != MMU_KIND_LEAF || level > 2 ||
	    entry->run_lg2 != tree_run(regime, level) || pa & ~regime->pa_mask || pa & ~T_RPN ||
	    (exec && exec != (user ? EXEC : MMU_RIGHT_EXEC_PRIV)))
		return false;
	raw |= entry->rights & MMU_RIGHT_READ ? T_READ : 0;
	raw |= entry->rights & MMU_RIGHT_WRITE ? T_WRITE | T_DIRTY : 0;
	raw |= exec ? T_EXEC : 0;
	raw |= user ? 0 : T_PRIVILEGED;
	if (!(raw & (T_READ | T_WRITE | T_EXEC)))
		return false;
	*ret_raw = raw | T_ACCESSED | (pa & level_mask(regime, level) << entry->run_lg2);
	*ret_second = 0;
	return true;
}

static void tree_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 uint64_t second, struct mmu_software *ret)
{
	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_UNKNOWN };
	if (raw & T_PRESENT) {
		ret->kind = MMU_SOFTWARE_NONE;
		ret->pa = raw & T_RPN & level_mask(regime, level) & regime->pa_mask;
	} else if (is_split(level, raw)) {
		ret->kind = MMU_SOFTWARE_SPLIT;
		ret->pa = raw & T_RPN & level_mask(regime, level) & regime->pa_mask;
	} else if (raw & T_PTE) {
		ret->kind = MMU_SOFTWARE_SWAP;
		ret->type = raw & 31;
		ret->offset = (raw & T_RPN) >> regime->page_lg2;
	}
}

static bool tree_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (level > 2)
		return false;
	*ret = (struct mmu_alike){
		.address = T_RPN & level_mask(regime, level) & regime->pa_mask,
		.step = -level_mask(regime, level),
	};
	return true;
}

static const struct mmu_level tree_levels[] = {
	{ .name = "PTE", .may_be_leaf = true },
	{ .name = "PMD", .may_be_leaf = true, .run_lg2 = 3, .first_of_run = true },
	{ .name = "PUD", .may_be_leaf = true, .run_lg2 = 6, .first_of_run = true },
	{ .name = "PGD" },
};

static const struct mmu_format tree = {
	.size = sizeof(struct mmu_format),
	.name = "tree",
	.title = "what Linux keeps beside the hashed table",
	.entry_bytes = 8,
	.slot_bytes = 8,
	.big_endian = true,
	.nr_levels = 4,
	.level = tree_levels,
	.flags = tree_flags,
	.nr_flags = sizeof(tree_flags) / sizeof(tree_flags[0]),
	.decode = tree_decode,
	.encode = tree_encode,
	.explain = tree_explain,
	.alike = tree_alike,
};

/* ------------------------------------------------------------------ the hashed table */

#define R_PP0 BIT(63)
#define R_RPN (BIT(60) - BIT(12))
#define R_SIZES 0xff000u /* low bits of R_RPN, which tell the sizes of large pages */
#define R_REFERENCED BIT(8)
#define R_CHANGED BIT(7)
#define R_WRITETHROUGH BIT(6)
#define R_UNCACHED BIT(5)
#define R_COHERENT BIT(4)
#define R_GUARDED BIT(3)
#define R_NO_EXEC BIT(2)
#define R_PP 3u

#define H_FLAG(bit, name, what) T_FLAG(bit, name, 1, LEAF, what)
static const struct mmu_flag hpt_flags[] = {
	H_FLAG(HPT_VALID, "VALID", "hardware looks at it"),
	H_FLAG(HPT_SECONDARY, "SECONDARY", "found by the inverted hash"),
	H_FLAG(HPT_LARGE, "LARGE", "not 4 KiB"),
	H_FLAG(BIT(4), "BOLTED", "Linux never evicts it"),
	{ UINT64_C(3) << 62, 0, 0, "SEGMENT", NULL, "1: of 1 TiB", 0, 0, 1, LEAF, true, false },
};
static const struct mmu_flag hpt_second_flags[] = {
	H_FLAG(R_REFERENCED, "R", "was used"),
	H_FLAG(R_CHANGED, "C", "was written to"),
	{ 0x78, 0, 0, "WIMG", NULL, "kind of caching", 0, 0, 1, LEAF, true, false },
	H_FLAG(R_NO_EXEC, "N", "not to be run"),
	{ R_PP, 0, 0, "PP", NULL, "who may do what", 0, 0, 1, LEAF, true, false },
};

/* Pages of a size in segments of another base size: as POWER8's device tree tells them. */
static const struct hpt_size {
	uint8_t base_lg2, actual_lg2;
	uint8_t code, mask; /* in R_SIZES */
} hpt_sizes[] = {
	{ 16, 16, 1, 0x0f }, { 12, 16, 7, 0x0f },    { 16, 24, 8, 0xff },
	{ 24, 24, 0, 0xff }, { 12, 24, 0x38, 0xff },
};
#define NR_SIZES (sizeof(hpt_sizes) / sizeof(hpt_sizes[0]))

static bool size_of(uint64_t v, uint64_t r, struct hpt_size *ret)
{
	*ret = (struct hpt_size){ 12, 12, 0, 0 };
	if (!(v & HPT_LARGE))
		return true;
	for (size_t i = 0; i < NR_SIZES; i++) {
		*ret = hpt_sizes[i];
		if ((r >> 12 & ret->mask) == ret->code)
			return true;
	}
	return false;
}

static void hpt_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       uint64_t second, struct mmu_entry *ret)
{
	bool guarded = second & R_GUARDED;
	struct hpt_size size;
	uint64_t pa;

	*ret = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
	if (!(raw & HPT_VALID))
		return;
	if (!size_of(raw, second, &size)) {
		bad(ret, R_SIZES, "no page size has this code");
		return;
	}
	pa = second & R_RPN & ~(BIT(size.actual_lg2) - 1);
	if (pa & ~regime->pa_mask) {
		bad(ret, pa & ~regime->pa_mask, "beyond the physical address bits");
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = pa;
	ret->run_lg2 = (uint8_t)(size.actual_lg2 - 12);
	/* 0: kernel only; 1: user reads, 2: and writes; 3: both read. With PP0: kernel reads */
	ret->rights = MMU_RIGHT_READ;
	if (!(second & R_PP0) && !(second & 1))
		ret->rights |= MMU_RIGHT_WRITE;
	if (!(second & R_PP0) && second & R_PP)
		ret->rights |= MMU_RIGHT_USER;
	if (!(second & R_NO_EXEC) && !guarded)
		ret->rights |= ret->rights & MMU_RIGHT_USER ? EXEC : MMU_RIGHT_EXEC_PRIV;
	ret->attrs = MMU_ATTR_KNOWN;
	ret->attrs |= second & R_REFERENCED ? MMU_ATTR_ACCESSED : 0;
	ret->attrs |= second & R_CHANGED ? MMU_ATTR_DIRTY : 0;
	ret->memory = !(second & R_UNCACHED)    ? (second & R_WRITETHROUGH ? MMU_MEMORY_WRITETHROUGH
									   : MMU_MEMORY_WRITEBACK)
		      : second & R_WRITETHROUGH ? MMU_MEMORY_WRITEBACK /* strong access order */
		      : guarded                 ? MMU_MEMORY_DEVICE
						: MMU_MEMORY_COMBINING;
}

static bool hpt_encode(const struct mmu_regime *regime, unsigned int level,
		       const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint8_t exec = entry->rights & EXEC;
	bool user = entry->rights & MMU_RIGHT_USER, write = entry->rights & MMU_RIGHT_WRITE;
	unsigned int lg2 = 12u + entry->run_lg2, i = 0;
	uint64_t pa = entry->pa & ~(BIT(lg2 & 63) - 1);

	if (entry->kind != MMU_KIND_LEAF || entry->next_first || entry->next_count ||
	    !(entry->rights & MMU_RIGHT_READ) ||
	    (exec && exec != (user ? EXEC : MMU_RIGHT_EXEC_PRIV)) ||
	    pa & ~(regime->pa_mask & R_RPN))
		return false;
	while (i < NR_SIZES && (hpt_sizes[i].base_lg2 != lg2 || hpt_sizes[i].actual_lg2 != lg2))
		i++;
	if (lg2 != 12 && i == NR_SIZES)
		return false;
	*ret_raw = HPT_VALID | (lg2 == 12 ? 0 : HPT_LARGE);
	*ret_second = pa | R_COHERENT | (lg2 == 12 ? 0 : (uint64_t)hpt_sizes[i].code << 12) |
		      (exec ? 0 : R_NO_EXEC) | (user ? (write ? 2 : 3) : (write ? 0 : R_PP0 | 2));
	return true;
}

static unsigned int hpt_probes(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret)
{
	static const struct {
		unsigned int base_lg2;
		const char *name[2];
	} looks[] = { { 16, { "64K, primary", "64K, secondary" } },
		      { 24, { "16M, primary", "16M, secondary" } },
		      { 12, { "4K, primary", "4K, secondary" } } };
	const struct hpt_place place = hpt_place_of(regime->format->slot_va_bits, regime->space,
						    va);
	uint64_t mask = regime->nr_slots / HPT_GROUP - 1;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		uint64_t hash = hpt_hash(&place, looks[i].base_lg2);

		ret[nr++] = (struct mmu_probe){ (hash & mask) * HPT_GROUP, HPT_GROUP,
						looks[i].name[0] };
		ret[nr++] = (struct mmu_probe){ (~hash & mask) * HPT_GROUP, HPT_GROUP,
						looks[i].name[1] };
	}
	return nr;
}

/* A slot has the address bits from 23 on. Those between the page and these are in its place. */
static bool hpt_slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		     struct mmu_slot *ret)
{
	static const uint64_t inverse[] = { 665548017062, 209034062 }; /* of 12538073 */
	uint64_t mask = regime->nr_slots / HPT_GROUP - 1, group = index / HPT_GROUP;
	uint64_t avpn = raw >> HPT_AVPN_SHIFT & (BIT(HPT_SEGMENT_SHIFT - HPT_AVPN_SHIFT) - 1);
	bool big = raw >> HPT_SEGMENT_SHIFT & 1;
	unsigned int lg2 = hpt_segment_lg2(big), bits = hpt_vsid_bits(big);
	unsigned int per_context = regime->format->slot_va_bits - lg2; /* segments, as log2 */
	struct hpt_place place = { avpn >> (lg2 - 23), (avpn << 23) & (BIT(lg2) - 1), big };
	struct hpt_size size;

	if (!(raw & HPT_VALID) || raw >> 63 || place.vsid >= BIT(bits) - 1 ||
	    !size_of(raw, second, &size))
		return false;
	if (size.base_lg2 < 23 && mask >> (22 - size.base_lg2) == 0) /* too few groups to tell */
		return false;
	if (raw & HPT_SECONDARY)
		group = ~group & mask;
	place.offset &= ~(BIT(size.base_lg2) - 1);
	if (size.base_lg2 < 23)
		place.offset |= (hpt_hash(&place, size.base_lg2) ^ group) << size.base_lg2 &
				(BIT(23) - 1);
	if ((hpt_hash(&place, size.base_lg2) & mask) != group) /* where hardware never looks */
		return false;
	uint64_t number = hpt_multiply(place.vsid, inverse[big], bits);
	ret->space = HPT_SPACE(number >> per_context, big);
	ret->va = (number & (BIT(per_context) - 1)) << lg2 | place.offset;
	ret->lg2 = size.base_lg2;
	return true;
}

static const struct mmu_level hpt_level = {
	.name = "HPTE", .may_be_leaf = true, .run_lg2 = 12, .second_offset = 8
};

#define HPT(id, va_bits)                                                                           \
	static const struct mmu_format id = {                                                      \
		.size = sizeof(struct mmu_format),                                                 \
		.name = #id,                                                                       \
		.title = "POWER's hashed page table (ISA 2.07, Book III-S, 5.7.7)",                \
		.kind = MMU_FORMAT_HASHED,                                                         \
		.entry_bytes = 8,                                                                  \
		.slot_bytes = 16,                                                                  \
		.big_endian = true,                                                                \
		.nr_levels = 1,                                                                    \
		.slot_va_bits = (va_bits),                                                         \
		.level = &hpt_level,                                                               \
		.flags = hpt_flags,                                                                \
		.nr_flags = sizeof(hpt_flags) / sizeof(hpt_flags[0]),                              \
		.second_name = "R",                                                                \
		.second_flags = hpt_second_flags,                                                  \
		.nr_second_flags = sizeof(hpt_second_flags) / sizeof(hpt_second_flags[0]),         \
		.decode = hpt_decode,                                                              \
		.encode = hpt_encode,                                                              \
		.probes = hpt_probes,                                                              \
		.slot = hpt_slot,                                                                  \
	}
HPT(hpt64k, 49);
HPT(hpt4k, 46);

static const struct mmu_format *const formats[] = { &tree, &hpt64k, &hpt4k };

/* ------------------------------------------------------------------ samples */

#define SLOTS (UINT64_C(1) << 14) /* of the smallest table that there may be */
#define COMMON(page, regime_name, first, last, which)                                              \
	.size = sizeof(struct mmu_regime), .name = (regime_name), .first_va = (first),             \
	.last_va = (last), .pa_mask = BIT(53) - 1, .page_lg2 = (page), .rights = MMU_RIGHTS_ALL,   \
	.half = (which)
#define TREE(id, page, regime_name, first, last, which, ...)                                       \
	static const struct mmu_regime id = { COMMON(page, regime_name, first, last, which),       \
					      .format = &tree, .view = MMU_VIEW_LINUX,             \
					      .top_level = 3, .shape = { __VA_ARGS__ } }
#define TABLE(id, hpt, page, regime_name, first, last, which, context, big)                        \
	static const struct mmu_regime id = { COMMON(page, regime_name, first, last, which),       \
					      .format = &(hpt),                                    \
					      .view = MMU_VIEW_HARDWARE,                           \
					      .shape = { { 12, 0 } },                              \
					      .nr_slots = SLOTS,                                   \
					      .space = HPT_SPACE(context, big) }

#define USER MMU_HALF_USER
#define KERNEL MMU_HALF_KERNEL
#define KERNEL_VA UINT64_C(0xc000000000000000)
#define CONTEXT(n) ((uint64_t)(n) << 49)

/* 64 KiB pages: a context has 2^49 bytes. A process may have eight, the linear mapping has four. */
TREE(t64_user, 16, "user, Linux's", 0, BIT(52) - 1, USER, { 16, 8 }, { 24, 10 }, { 34, 10 },
     { 44, 8 });
TABLE(h64_low, hpt64k, 16, "below 1 TiB", 0, BIT(40) - 1, USER, 16, 0);
TABLE(h64_0, hpt64k, 16, "context 0", BIT(40), CONTEXT(1) - 1, USER, 16, 1);
#define MORE(n)                                                                                    \
	TABLE(h64_##n, hpt64k, 16, "context " #n, CONTEXT(n), CONTEXT(n + 1) - 1, USER, 16 + (n), 1)
MORE(1);
MORE(2);
MORE(3);
MORE(4);
MORE(5);
MORE(6);
MORE(7);
#define LINEAR(n)                                                                                  \
	TABLE(l64_##n, hpt64k, 16, "linear " #n, KERNEL_VA + CONTEXT(n),                           \
	      KERNEL_VA + CONTEXT(n + 1) - 1, KERNEL, 1 + (n), 1)
LINEAR(0);
LINEAR(1);
LINEAR(2);
LINEAR(3);
TREE(t64_kernel, 16, "kernel, Linux's", KERNEL_VA + CONTEXT(4), KERNEL_VA + CONTEXT(6) - 1, KERNEL,
     { 16, 8 }, { 24, 10 }, { 34, 10 }, { 44, 8 });
TABLE(vmalloc64, hpt64k, 16, "vmalloc", KERNEL_VA + CONTEXT(4), KERNEL_VA + CONTEXT(5) - 1, KERNEL,
      5, 1);
TABLE(io64, hpt64k, 16, "io", KERNEL_VA + CONTEXT(5), KERNEL_VA + CONTEXT(6) - 1, KERNEL, 6, 1);
TABLE(vmemmap64, hpt64k, 16, "vmemmap", KERNEL_VA + CONTEXT(6), KERNEL_VA + CONTEXT(7) - 1, KERNEL,
      7, 1);
static const struct mmu_regime *const regimes64[] = {
	&t64_user, &h64_low, &h64_0, &h64_1, &h64_2, &h64_3,      &h64_4,     &h64_5, &h64_6,
	&h64_7,    &l64_0,   &l64_1, &l64_2, &l64_3, &t64_kernel, &vmalloc64, &io64,  &vmemmap64,
};
static const struct mmu_sample s64 = { sizeof(struct mmu_sample), "64k", regimes64,
				       sizeof(regimes64) / sizeof(regimes64[0]) };

/* 4 KiB pages: a context has 2^46 bytes, and the kernel's regions lie behind the linear mapping. */
#define REGION(n) (KERNEL_VA + (UINT64_C(0x3d) << 40) + ((uint64_t)(n) << 40))
TREE(t4_user, 12, "user, Linux's", 0, BIT(46) - 1, USER, { 12, 9 }, { 21, 7 }, { 28, 9 },
     { 37, 9 });
TABLE(h4_low, hpt4k, 12, "below 1 TiB", 0, BIT(40) - 1, USER, 5, 0);
TABLE(h4_0, hpt4k, 12, "context 0", BIT(40), BIT(46) - 1, USER, 5, 1);
TABLE(l4, hpt4k, 12, "linear", KERNEL_VA, REGION(0) - 1, KERNEL, 1, 1);
TREE(t4_kernel, 12, "kernel, Linux's", REGION(0), REGION(2) - 1, KERNEL, { 12, 9 }, { 21, 7 },
     { 28, 9 }, { 37, 9 });
TABLE(vmalloc4, hpt4k, 12, "vmalloc", REGION(0), REGION(1) - 1, KERNEL, 2, 1);
TABLE(io4, hpt4k, 12, "io", REGION(1), REGION(2) - 1, KERNEL, 3, 1);
TABLE(vmemmap4, hpt4k, 12, "vmemmap", REGION(2), REGION(3) - 1, KERNEL, 4, 1);
static const struct mmu_regime *const regimes4[] = { &t4_user,   &h4_low,   &h4_0, &l4,
						     &t4_kernel, &vmalloc4, &io4,  &vmemmap4 };
static const struct mmu_sample s4 = { sizeof(struct mmu_sample), "4k", regimes4,
				      sizeof(regimes4) / sizeof(regimes4[0]) };

static const struct mmu_sample *const samples[] = { &s64, &s4 };

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "hash_like",
	.title = "a prototype of POWER's hashed tables, for tests",
	.formats = formats,
	.nr_formats = sizeof(formats) / sizeof(formats[0]),
	.samples = samples,
	.nr_samples = sizeof(samples) / sizeof(samples[0]),
};
