/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Does a back-end keep the promises of arch.h? Every rule is one call of holds(). */
#include "walk/checker.h"
#include "walk/conformance.h"

/* Beyond these, what all regimes of a format share. */
#define FEWEST 16640u
#define RAWS_PER_LEVEL 180000u
#define ENTRIES_PER_LEVEL 30000u
#define ATTRS_ALL                                                                                  \
	(MMU_ATTR_ACCESSED | MMU_ATTR_DIRTY | MMU_ATTR_GLOBAL | MMU_ATTR_SPECIAL |                 \
	 MMU_ATTR_SOFT_DIRTY | MMU_ATTR_UFFD_WP | MMU_ATTR_KEYED | MMU_ATTR_KNOWN)

/* ------------------------------------------------------------------ entries */

static bool same_entry(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return a->kind == b->kind && a->rights == b->rights && a->run_lg2 == b->run_lg2 &&
	       a->pa == b->pa && a->bad_mask == b->bad_mask && a->next_first == b->next_first &&
	       a->next_count == b->next_count && a->note == b->note && a->attrs == b->attrs &&
	       a->memory == b->memory;
}

/* What encode() must bring back: notes and reasons are not part of it. */
static bool same_meaning(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return a->kind == b->kind && a->rights == b->rights && a->run_lg2 == b->run_lg2 &&
	       a->pa == b->pa && a->next_first == b->next_first && a->next_count == b->next_count;
}

/* decode() twice, over different garbage: both must fill in everything, and alike. */
static bool decode_twice(struct checker *c, const struct trial *p, struct mmu_entry *ret)
{
	struct mmu_entry again;
	bool lone = !p->regime.format->level[p->level].second_offset;

	memset(ret, 0xa5, sizeof(*ret));
	memset(&again, 0x5a, sizeof(again));
	p->regime.format->decode(&p->regime, p->level, p->raw, p->second, ret);
	p->regime.format->decode(&p->regime, p->level, p->raw, lone ? ~p->second : p->second,
				 &again);
	return holds(c, same_entry(ret, &again), "decode() is pure and fills in every field");
}

static void check_entry(struct checker *c, const struct trial *p, const struct mmu_entry *entry)
{
	const struct mmu_format *format = p->regime.format;
	const struct mmu_level *level = &format->level[p->level];
	const struct mmu_shape *shape = &p->regime.shape[p->level];
	unsigned int run_max = level->run_lg2;
	bool leaf = entry->kind == MMU_KIND_LEAF, table = entry->kind == MMU_KIND_TABLE;
	uint64_t width = low_bits(format->entry_bytes * 8u);

	if (!holds(c, (unsigned int)entry->kind <= MMU_KIND_BAD, "the kind is one of the five"))
		return;
	if (format->kind == MMU_FORMAT_RADIX && run_max > shape->index_bits)
		run_max = shape->index_bits;
	holds(c, !leaf || level->may_be_leaf, "a leaf only where the level may have one");
	holds(c, !table || p->level > 0, "no table below level 0");
	holds(c, !(entry->rights & ~MMU_RIGHTS_ALL), "rights are of the five");
	holds(c, leaf ? entry->run_lg2 <= run_max : !entry->run_lg2,
	      "only leaves run, and no further than their level says and a table goes");
	holds(c,
	      leaf ? !(entry->attrs & ~ATTRS_ALL) && entry->memory <= MMU_MEMORY_DEVICE
		   : !entry->attrs && !entry->memory,
	      "attributes and memory are known ones, of leaves alone");
	if (entry->kind == MMU_KIND_BAD) {
		holds(c, entry->bad_mask && !(entry->bad_mask & ~width),
		      "a bad entry names its bits");
		holds(c, entry->note && *entry->note, "a bad entry says what is wrong");
	}
	if (!leaf && !table)
		return;
	holds(c, !(entry->pa & ~(p->regime.pa_mask | low_bits(shape->shift))),
	      "the address lies within pa_mask");
	if (leaf)
		holds(c, !(entry->pa & low_bits(shape->shift + entry->run_lg2)),
		      "a leaf's address is aligned to its page or run");
	if (!table || p->level == 0)
		return;
	holds(c, entry->pa % format->entry_bytes == 0, "a table is aligned to its entries");
	uint64_t entries = BIT(shape[-1].index_bits);

	holds(c, entry->next_first < entries && entry->next_count <= entries - entry->next_first,
	      "the window lies within the next table");
}

static void check_software(struct checker *c, const struct trial *p)
{
	const struct mmu_format *format = p->regime.format;
	struct mmu_software software, again;

	memset(&software, 0xa5, sizeof(software));
	memset(&again, 0x5a, sizeof(again));
	if (!holds(c, format->explain, "software entries need explain()"))
		return;
	p->regime.format->explain(&p->regime, p->level, p->raw, p->second, &software);
	p->regime.format->explain(&p->regime, p->level, p->raw, p->second, &again);
	holds(c, software.kind == again.kind && (unsigned int)software.kind <= MMU_SOFTWARE_SPLIT,
	      "explain() is pure, and its kind is one of the four");
	if (software.kind == MMU_SOFTWARE_SWAP) {
		holds(c, software.type == again.type && software.offset == again.offset,
		      "explain() fills in type and offset");
		holds(c, software.type <= 31, "a swap type is at most 31");
	} else if (software.kind != MMU_SOFTWARE_UNKNOWN) {
		holds(c, software.pa == again.pa, "explain() fills in the address");
		holds(c, !(software.pa & ~low_bits(p->widest)),
		      "the software address is no wider than a format's");
		holds(c, !(software.pa & low_bits(p->regime.shape[p->level].shift)),
		      "the software address is aligned to the page");
	}
}

/* encode(), and its promise about outputs. */
static bool encode_guarded(struct checker *c, struct trial *p, const struct mmu_entry *entry)
{
	const struct mmu_format *format = p->regime.format;
	uint64_t raw = UINT64_C(0x5a5a5a5a5a5a5a5a), second = ~raw, width;
	bool accepted = format->encode(&p->regime, p->level, entry, &raw, &second);

	if (!accepted) {
		holds(c, raw == UINT64_C(0x5a5a5a5a5a5a5a5a) && second == ~raw,
		      "encode() leaves its outputs alone when it refuses");
		return false;
	}
	width = low_bits(format->entry_bytes * 8u);
	holds(c, !(raw & ~width) && !(second & ~width), "encode() stays within the entry");
	holds(c, format->level[p->level].second_offset || second == 0,
	      "no second word where there is no second copy");
	p->raw = raw;
	p->second = second;
	return true;
}

/* entry -> raw -> entry -> raw */
static bool check_round_trip(struct checker *c, struct trial p, const struct mmu_entry *entry)
{
	const struct mmu_shape *shape = &p.regime.shape[p.level];
	struct mmu_entry back, moved = *entry;
	struct trial again = p;

	look_at_trial(c, &p, entry);
	if (!encode_guarded(c, &p, entry))
		return false;
	look_at_trial(c, &p, entry); /* now with its raw value */
	decode_twice(c, &p, &back);
	holds(c, same_meaning(&back, entry), "decode() gives back what encode() was told");
	if (holds(c, encode_guarded(c, &again, &back), "encode() takes what decode() gave"))
		holds(c, again.raw == p.raw && again.second == p.second, "encode() is stable");
	if (entry->kind != MMU_KIND_LEAF)
		return true;
	moved.pa |= random_u64(c) & low_bits(shape->shift);
	if (holds(c, encode_guarded(c, &again, &moved), "any address inside the page will do"))
		holds(c, again.raw == p.raw && again.second == p.second,
		      "address bits inside the page are ignored");
	if (!entry->run_lg2)
		return true;
	moved.pa |= random_u64(c) & low_bits(shape->shift + entry->run_lg2);
	if (holds(c, encode_guarded(c, &again, &moved), "any address inside the run will do")) {
		decode_twice(c, &again, &back);
		holds(c, same_meaning(&back, entry), "all entries of a run mean the same page");
	}
	return true;
}

/* The n-th word: edges first, then random ones, dense and sparse. */
static uint64_t nth_raw(struct checker *c, unsigned int n, uint64_t width)
{
	uint64_t a = random_u64(c), b = random_u64(c);

	if (n < 64)
		return BIT(n) & width;
	if (n < 128)
		return ~BIT(n - 64) & width;
	if (n < 130)
		return n == 128 ? 0 : width;
	switch (n % 4) {
	case 0:
		return a & width;
	case 1:
		return a & b & random_u64(c) & width;
	case 2: /* the low bits often decide what it is */
		return ((a & b & ~low_bits(12)) | (random_u64(c) & 0xfff)) & width;
	default:
		return (a | b | random_u64(c)) & width;
	}
}

/* The n-th variation of a sample's regime: other traits, a smaller machine. */
static struct mmu_regime nth_regime(struct checker *c, const struct mmu_regime *sample,
				    unsigned int n)
{
	const struct mmu_arch *arch = c->arch;
	struct mmu_regime regime = *sample;
	unsigned int choice = n % ((unsigned int)arch->nr_traits + 3);
	unsigned int width = width_of(sample->pa_mask);

	if (choice == 1)
		regime.traits = all_traits(arch) & (uint32_t)random_u64(c);
	else if (choice == 2)
		regime.traits = 0;
	else if (choice > 2)
		regime.traits = arch->traits[choice - 3].bit;
	if (n & 64 && width > sample->shape[0].shift + 4u)
		regime.pa_mask &= low_bits(width - 1 - n / 128 % 4);
	return regime;
}

/* Other addresses in a leaf's words, and the leaf is the same elsewhere. */
static void check_address(struct checker *c, const struct trial *p, const struct mmu_alike *alike,
			  const struct mmu_entry *entry)
{
	const struct mmu_format *format = p->regime.format;
	unsigned int shift = p->regime.shape[p->level].shift;
	uint64_t moved_by = 0, second_at = 0;
	struct trial moved = *p;
	struct mmu_entry next;

	for (unsigned int tries = 0; tries < 8; tries++) {
		uint64_t at = random_u64(c) & alike->address & (tries < 2 ? 0 : UINT64_MAX);

		at = tries == 1 ? alike->address : at;
		moved_by = (at - (p->raw & alike->address)) / alike->step;
		if (at < (p->raw & alike->address)) /* steps down are steps up, modulo 2^64 */
			moved_by = -(((p->raw & alike->address) - at) / alike->step);
		second_at = (p->second & alike->second_address) + moved_by * alike->second_step;
		if ((at - (p->raw & alike->address)) % alike->step ||
		    second_at & ~alike->second_address)
			continue;
		moved.raw = (p->raw & ~alike->address) | at;
		moved.second = (p->second & ~alike->second_address) | second_at;
		if (alike->second_step && (!moved.raw || !moved.second))
			continue;
		format->decode(&moved.regime, moved.level, moved.raw, moved.second, &next);
		if (!moved.raw && next.kind == MMU_KIND_EMPTY)
			continue;
		look_at_trial(c, &moved, entry);
		next.pa -= moved_by << shift;
		holds(c, same_entry(&next, entry),
		      "a leaf with another address is the same leaf elsewhere");
	}
}

/* What alike() takes for the next page must be that. */
static void check_alike(struct checker *c, const struct trial *p, const struct mmu_entry *entry)
{
	const struct mmu_format *format = p->regime.format;
	uint64_t width = low_bits(format->entry_bytes * 8u);
	struct mmu_alike alike;
	struct mmu_entry next;
	struct trial moved = *p;

	if (!format->alike || entry->kind != MMU_KIND_LEAF || entry->run_lg2 ||
	    (format->level[p->level].second_offset && (!p->raw || !p->second)) ||
	    !format->alike(&p->regime, p->level, &alike))
		return;
	if (!holds(c,
		   alike.step && !(alike.step & ~alike.address) &&
			   !(alike.second_step & ~alike.second_address) &&
			   !((alike.address | alike.second_address) & ~width),
		   "steps lie within their masks, and masks within the word"))
		return;
	check_address(c, p, &alike, entry);
	if (((p->raw & alike.address) + alike.step) & ~alike.address ||
	    ((p->second & alike.second_address) + alike.second_step) & ~alike.second_address)
		return;
	moved.raw += alike.step;
	moved.second += alike.second_step;
	format->decode(&moved.regime, moved.level, moved.raw, moved.second, &next);
	look_at_trial(c, p, entry);
	next.pa -= BIT(p->regime.shape[p->level].shift);
	holds(c, same_entry(&next, entry), "what alike() accepts is the next page");
}

static void check_audit(struct checker *c, const struct trial *p)
{
	const struct mmu_format *format = p->regime.format;
	uint64_t mask = 0, again = ~UINT64_C(0);
	const char *text;

	if (!format->audit)
		return;
	text = format->audit(&p->regime, p->level, p->raw, p->second, &mask);
	holds(c, format->audit(&p->regime, p->level, p->raw, p->second, &again) == text,
	      "audit() is pure");
	holds(c,
	      text ? *text && mask == again && mask && !(mask & ~low_bits(format->entry_bytes * 8u))
		   : !mask && again == ~UINT64_C(0),
	      "audit() names bits and says what is wrong, or leaves its output alone");
}

/* decode() any word; encode() whatever came out of it. */
static void check_words(struct checker *c, const struct mmu_regime *sample, unsigned int level,
			unsigned int count)
{
	const struct mmu_format *format = sample->format;
	uint64_t width = low_bits(format->entry_bytes * 8u);

	for (unsigned int n = 0; n < count; n++) {
		struct trial p = { .regime = nth_regime(c, sample, n / 130),
				   .level = level,
				   .widest = width_of(sample->pa_mask) };
		struct mmu_entry entry = { .kind = MMU_KIND_EMPTY };

		p.raw = nth_raw(c, n < 130 * 64 ? n % 130 : n, width);
		if (format->level[level].second_offset)
			p.second = n & 1 ? 0 : nth_raw(c, 130 + n / 2, width);
		look_at_trial(c, &p, &entry);
		if (!decode_twice(c, &p, &entry))
			continue;
		look_at_trial(c, &p, &entry);
		check_entry(c, &p, &entry);
		check_alike(c, &p, &entry);
		check_audit(c, &p);
		if (entry.kind == MMU_KIND_SOFTWARE)
			check_software(c, &p);
		if (entry.kind == MMU_KIND_LEAF || entry.kind == MMU_KIND_TABLE)
			check_round_trip(c, p, &entry);
	}
}

/* encode() any entry, sensible or not: a bit that decode() loses is seen only from this side. */
static void check_entries(struct checker *c, const struct mmu_regime *sample, unsigned int n_level,
			  unsigned int count)
{
	const struct mmu_level *level = &sample->format->level[n_level];
	unsigned int shift = sample->shape[n_level].shift, wide = width_of(sample->pa_mask);
	unsigned int leaves = 0, tables = 0, shapes[2] = { 0, 0 };

	for (unsigned int n = 0; n < count; n++) {
		struct trial p = { .regime = nth_regime(c, sample, n / 64),
				   .level = n_level,
				   .widest = wide };
		bool leaf = n & 1;
		struct mmu_entry entry = {
			.kind = leaf ? MMU_KIND_LEAF : MMU_KIND_TABLE,
			.rights = n >> 1 & MMU_RIGHTS_ALL,
			.run_lg2 = leaf && n % 3 == 0 ? level->run_lg2 : 0,
			.pa = random_u64(c) & p.regime.pa_mask,
		};

		entry.pa &= ~low_bits(leaf ? shift + entry.run_lg2 : 12);
		if (n < 4096) /* every address bit alone, so that none is lost */
			entry.pa &= BIT(n / 64);
		shapes[leaf] |= check_round_trip(c, p, &entry) ? 1u << entry.rights : 0;
		leaves += leaf && shapes[1];
		tables += !leaf && shapes[0];

		entry.kind = leaf ? n_level == 0 ? MMU_KIND_TABLE : MMU_KIND_BAD : MMU_KIND_EMPTY;
		look_at_trial(c, &p, &entry);
		holds(c, !encode_guarded(c, &p, &entry),
		      "encode() refuses what is no page or table");
		entry.kind = MMU_KIND_LEAF;
		entry.run_lg2 = level->may_be_leaf ? level->run_lg2 + 1 : 0;
		holds(c, !encode_guarded(c, &p, &entry), "encode() refuses impossible leaves");
		entry.run_lg2 = 0;
		entry.pa = ~low_bits(wide < 64 ? wide : 63);
		if (wide < 64)
			holds(c, !encode_guarded(c, &p, &entry), "encode() refuses wide addresses");
	}
	look_at(c, "%s (%s) %s", sample->format->name, sample->name, level->name);
	holds(c, !level->may_be_leaf || leaves, "encode() can build leaves");
	holds(c, n_level == 0 || tables, "encode() can build tables");
}

/* ------------------------------------------------------------------ all of it */

/* Regimes that run one format share the work. */
static unsigned int regimes_of(const struct mmu_arch *arch, const struct mmu_format *format)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < arch->nr_samples; i++)
		for (size_t j = 0; j < arch->samples[i]->nr_regimes; j++)
			nr += arch->samples[i]->regimes[j]->format == format;
	return nr;
}

static void check_sample(struct checker *c, const struct mmu_regime *sample)
{
	unsigned int share = regimes_of(c->arch, sample->format);

	for (unsigned int level = 0; level <= sample->top_level; level++) {
		check_words(c, sample, level, FEWEST + RAWS_PER_LEVEL / share);
		check_entries(c, sample, level, FEWEST + ENTRIES_PER_LEVEL / share);
	}
	if (sample->format->kind == MMU_FORMAT_HASHED)
		check_hashed(c, sample);
}

bool mmu_arch_conformance(const struct mmu_arch *arch,
			  void (*report)(void *context, const char *problem), void *context,
			  uint64_t *ret_checks)
{
	struct checker checker = { .arch = arch,
				   .report = report,
				   .context = context,
				   .random = UINT64_C(0x9e3779b97f4a7c15) },
		       *c = &checker;

	if (check_object(c)) {
		for (size_t i = 0; i < arch->nr_samples; i++)
			for (size_t j = 0; j < arch->samples[i]->nr_regimes; j++)
				check_sample(c, arch->samples[i]->regimes[j]);
		if (arch->locate)
			check_facts(c);
	}
	if (ret_checks)
		*ret_checks = c->checks;
	return c->problems == 0;
}
