/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Does a back-end keep the promises of arch.h? Every rule is one call of holds(). */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "walk/conformance.h"

#define BIT(n) (UINT64_C(1) << (n))
#define RAWS_PER_LEVEL 200000u
#define ENTRIES_PER_LEVEL 50000u
#define FACT_ROUNDS 200u
#define REPORTS_PER_RULE 3u
#define RULES_MAX 128u

/* One case: a regime, a level, and the words. */
struct probe {
	struct mmu_regime regime;
	unsigned int level;
	uint64_t raw, second;
};

struct checker {
	const struct mmu_arch *arch;
	void (*report)(void *context, const char *problem);
	void *context;
	uint64_t checks, problems;
	uint64_t random;
	char at[160];       /* what is being looked at, unless it is a probe */
	struct probe probe; /* regime.format NULL: none */
	struct mmu_entry entry;
	struct {
		const char *text; /* a string literal: its address is the rule */
		unsigned int count;
	} broken[RULES_MAX];
};

/* ------------------------------------------------------------------ reports */

/* How often has this rule been broken so far, this time not counted? */
static unsigned int broken_before(struct checker *c, const char *rule)
{
	for (size_t i = 0; i < RULES_MAX; i++) {
		if (!c->broken[i].text)
			c->broken[i].text = rule;
		if (c->broken[i].text == rule)
			return c->broken[i].count++;
	}
	return REPORTS_PER_RULE;
}

static void print_place(const struct checker *c, char *line, size_t bytes)
{
	const struct probe *p = &c->probe;

	if (!p->regime.format) {
		snprintf(line, bytes, "%s", c->at);
		return;
	}
	snprintf(line, bytes,
		 "%s %s, traits 0x%x, pa_mask 0x%llx, raw 0x%llx, second 0x%llx, "
		 "kind %d rights 0x%x run %u pa 0x%llx",
		 p->regime.format->name, p->regime.format->level[p->level].name, p->regime.traits,
		 (unsigned long long)p->regime.pa_mask, (unsigned long long)p->raw,
		 (unsigned long long)p->second, (int)c->entry.kind, c->entry.rights,
		 c->entry.run_lg2, (unsigned long long)c->entry.pa);
}

/** Note that one promise was looked at. @return kept, so that callers can stop. */
static bool holds(struct checker *c, bool kept, const char *rule)
{
	char place[256], line[384];

	c->checks++;
	if (kept)
		return true;
	c->problems++;
	if (broken_before(c, rule) < REPORTS_PER_RULE && c->report) {
		print_place(c, place, sizeof(place));
		snprintf(line, sizeof(line), "%s: %s", place, rule);
		c->report(c->context, line);
	}
	return false;
}

__attribute__((__format__(__printf__, 2, 3))) static void look_at(struct checker *c,
								  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(c->at, sizeof(c->at), format, arguments);
	va_end(arguments);
	c->probe.regime.format = NULL;
}

static void look_at_probe(struct checker *c, const struct probe *probe,
			  const struct mmu_entry *entry)
{
	c->probe = *probe;
	c->entry = *entry;
}

/* xorshift64*: the same numbers on every machine. */
static uint64_t random_u64(struct checker *c)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return c->random * UINT64_C(2685821657736338717);
}

static uint64_t low_bits(unsigned int count)
{
	return count >= 64 ? UINT64_MAX : BIT(count) - 1;
}

static bool is_word(const char *text)
{
	if (!text || !*text)
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

/* ------------------------------------------------------------------ tables */

static void check_traits(struct checker *c)
{
	const struct mmu_arch *arch = c->arch;
	uint32_t seen = 0;

	if (!holds(c, arch->nr_traits <= 32 && (arch->traits || !arch->nr_traits),
		   "at most 32 traits, and a table of them"))
		return;
	for (size_t i = 0; i < arch->nr_traits; i++) {
		const struct mmu_trait *trait = &arch->traits[i];

		look_at(c, "trait %zu", i);
		holds(c, trait->bit && !(trait->bit & (trait->bit - 1)), "a trait is one bit");
		holds(c, !(seen & trait->bit), "no two traits share a bit");
		holds(c, is_word(trait->name) && trait->what, "a trait has a name without spaces");
		for (size_t j = 0; j < i && trait->name && arch->traits[j].name; j++)
			holds(c, strcmp(trait->name, arch->traits[j].name), "trait names differ");
		seen |= trait->bit;
	}
	look_at(c, "default_traits");
	holds(c, !(arch->default_traits & ~seen), "the default traits are in the table");
}

static uint32_t all_traits(const struct mmu_arch *arch)
{
	uint32_t all = 0;

	for (size_t i = 0; i < arch->nr_traits; i++)
		all |= arch->traits[i].bit;
	return all;
}

/* Could both rows speak of the same entry of the same regime? */
static bool rows_meet(const struct mmu_flag *a, const struct mmu_flag *b)
{
	return a->levels & b->levels && a->kinds & b->kinds && !(a->if_traits & b->no_traits) &&
	       !(b->if_traits & a->no_traits);
}

static bool rows_collide(const struct mmu_flag *a, const struct mmu_flag *b)
{
	if (a->field && b->field)
		return a->mask & b->mask;
	if (a->field || b->field)
		return !((a->field ? b : a)->mask & ~(a->field ? a : b)->mask);
	return a->mask == b->mask && a->value == b->value;
}

static void check_flags(struct checker *c, const struct mmu_format *format,
			const struct mmu_flag *flags, size_t nr_flags, const char *copy)
{
	uint64_t width = low_bits(format->entry_bytes * 8u);
	uint32_t traits = all_traits(c->arch);

	for (size_t i = 0; i < nr_flags; i++) {
		const struct mmu_flag *flag = &flags[i];
		uint64_t low = flag->mask & (~flag->mask + 1);

		look_at(c, "%s: %sflag %zu (%s)", format->name, copy, i,
			flag->set ? flag->set : "?");
		if (!holds(c, flag->mask && !(flag->mask & ~width),
			   "the mask lies within the entry"))
			continue;
		holds(c, is_word(flag->set) && strlen(flag->set) < 28, "a flag has a short name");
		holds(c, !flag->clear || (is_word(flag->clear) && strlen(flag->clear) < 28),
		      "a clear name is a short word");
		holds(c, flag->what && *flag->what, "a flag says what it means");
		holds(c,
		      flag->field ? !(flag->value & (flag->mask | ~width))
				  : !(flag->value & ~flag->mask),
		      "a value lies in its mask; what a field forbids, outside");
		holds(c, !flag->field || !((flag->mask + low) & flag->mask),
		      "a field's bits are adjacent");
		holds(c, flag->levels & low_bits(format->nr_levels), "a flag holds at some level");
		holds(c, flag->kinds && !(flag->kinds & ~low_bits(MMU_KIND_BAD + 1)),
		      "a flag holds for some kind of entry");
		holds(c,
		      !((flag->if_traits | flag->no_traits) & ~traits) &&
			      !(flag->if_traits & flag->no_traits),
		      "a flag's traits are in the table, and can be met");
		for (size_t j = 0; j < i; j++)
			holds(c, !rows_meet(flag, &flags[j]) || !rows_collide(flag, &flags[j]),
			      "a bit has one name at a time");
	}
}

static bool check_levels(struct checker *c, const struct mmu_format *format)
{
	bool usable = true;

	for (unsigned int n = 0; n < format->nr_levels; n++) {
		const struct mmu_level *level = &format->level[n];
		unsigned int end = level->shift + level->index_bits;

		look_at(c, "%s: level %u (%s)", format->name, n, level->name ? level->name : "?");
		holds(c, is_word(level->name), "a level has a name without spaces");
		usable &= holds(c, level->index_bits && level->index_bits <= 24 && end <= 64,
				"1 to 24 index bits, within 64 bits of address");
		usable &= holds(
			c, end == (n + 1u < format->nr_levels ? level[1].shift : format->va_bits),
			"the next level, or va_bits, begins where the index ends");
		usable &= holds(c, level->run_lg2 <= level->index_bits,
				"a run is no longer than a table");
		holds(c, level->may_be_leaf || (n > 0 && !level->run_lg2),
		      "level 0 has leaves; runs are of leaves");
		holds(c, level->second_offset % (int)format->entry_bytes == 0,
		      "second copies are aligned");
		holds(c, !level->second_offset || (format->second_name && format->second_flags),
		      "a second copy has a name and flags");
	}
	return usable;
}

static bool check_format(struct checker *c, const struct mmu_format *format)
{
	look_at(c, "format %s", format->name ? format->name : "?");
	holds(c, is_word(format->name) && format->title, "a format has a name and a title");
	for (const struct mmu_format *other = c->arch->formats; other < format; other++)
		if (format->name && other->name)
			holds(c, strcmp(format->name, other->name), "format names differ");
	if (!holds(c, format->kind == MMU_FORMAT_RADIX, "the kind is one that this core knows") ||
	    !holds(c,
		   format->entry_bytes == 1 || format->entry_bytes == 2 ||
			   format->entry_bytes == 4 || format->entry_bytes == 8,
		   "an entry has 1, 2, 4 or 8 bytes") ||
	    !holds(c, format->nr_levels && format->nr_levels <= MMU_LEVELS_MAX && format->level,
		   "1 to MMU_LEVELS_MAX levels"))
		return false;
	holds(c, format->va_bits <= 64, "at most 64 address bits");
	holds(c, format->level[0].shift >= c->arch->page_lg2, "level 0 maps pages or larger");
	if (!holds(c, format->pa_bits >= format->level[0].shift && format->pa_bits <= 64,
		   "pa_bits hold a page's address") ||
	    !check_levels(c, format))
		return false;
	if (holds(c, format->flags || !format->nr_flags, "there is a table of flags"))
		check_flags(c, format, format->flags, format->nr_flags, "");
	if (holds(c, format->second_flags || !format->nr_second_flags,
		  "there is a table of second flags"))
		check_flags(c, format, format->second_flags, format->nr_second_flags, "second ");
	return true;
}

/* ------------------------------------------------------------------ entries */

static bool same_entry(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return a->kind == b->kind && a->rights == b->rights && a->run_lg2 == b->run_lg2 &&
	       a->pa == b->pa && a->bad_mask == b->bad_mask && a->next_first == b->next_first &&
	       a->next_count == b->next_count && a->note == b->note;
}

/* What encode() must bring back: notes and reasons are not part of it. */
static bool same_meaning(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return a->kind == b->kind && a->rights == b->rights && a->run_lg2 == b->run_lg2 &&
	       a->pa == b->pa && a->next_first == b->next_first && a->next_count == b->next_count;
}

/* decode() twice, over different garbage: both must fill in everything, and alike. */
static bool decode_twice(struct checker *c, const struct probe *p, struct mmu_entry *ret)
{
	struct mmu_entry again;
	bool lone = !p->regime.format->level[p->level].second_offset;

	memset(ret, 0xa5, sizeof(*ret));
	memset(&again, 0x5a, sizeof(again));
	c->arch->decode(&p->regime, p->level, p->raw, p->second, ret);
	c->arch->decode(&p->regime, p->level, p->raw, lone ? ~p->second : p->second, &again);
	return holds(c, same_entry(ret, &again), "decode() is pure and fills in every field");
}

static void check_entry(struct checker *c, const struct probe *p, const struct mmu_entry *entry)
{
	const struct mmu_format *format = p->regime.format;
	const struct mmu_level *level = &format->level[p->level];
	bool leaf = entry->kind == MMU_KIND_LEAF, table = entry->kind == MMU_KIND_TABLE;
	uint64_t width = low_bits(format->entry_bytes * 8u);

	if (!holds(c, (unsigned int)entry->kind <= MMU_KIND_BAD, "the kind is one of the five"))
		return;
	holds(c, p->raw || p->second || entry->kind == MMU_KIND_EMPTY, "0 is an empty entry");
	holds(c, !leaf || level->may_be_leaf, "a leaf only where the level may have one");
	holds(c, !table || p->level > 0, "no table below level 0");
	holds(c, !(entry->rights & ~MMU_RIGHTS_ALL), "rights are of the five");
	holds(c, leaf ? entry->run_lg2 <= level->run_lg2 : !entry->run_lg2,
	      "only leaves run, and no further than their level says");
	if (entry->kind == MMU_KIND_BAD) {
		holds(c, entry->bad_mask && !(entry->bad_mask & ~width),
		      "a bad entry names its bits");
		holds(c, entry->note && *entry->note, "a bad entry says what is wrong");
	}
	if (!leaf && !table)
		return;
	holds(c, !(entry->pa & ~low_bits(format->pa_bits)), "the address has at most pa_bits");
	holds(c, !(entry->pa & ~(p->regime.pa_mask | low_bits(level->shift))),
	      "the address lies within pa_mask");
	if (leaf)
		holds(c, !(entry->pa & low_bits(level->shift + entry->run_lg2)),
		      "a leaf's address is aligned to its page or run");
	if (!table || p->level == 0)
		return;
	holds(c, entry->pa % format->entry_bytes == 0, "a table is aligned to its entries");
	uint64_t entries = BIT(level[-1].index_bits);

	holds(c, entry->next_first < entries && entry->next_count <= entries - entry->next_first,
	      "the window lies within the next table");
}

static void check_software(struct checker *c, const struct probe *p)
{
	const struct mmu_format *format = p->regime.format;
	struct mmu_software software, again;

	memset(&software, 0xa5, sizeof(software));
	memset(&again, 0x5a, sizeof(again));
	if (!holds(c, c->arch->explain, "software entries need explain()"))
		return;
	c->arch->explain(&p->regime, p->level, p->raw, p->second, &software);
	c->arch->explain(&p->regime, p->level, p->raw, p->second, &again);
	holds(c, software.kind == again.kind && (unsigned int)software.kind <= MMU_SOFTWARE_SPLIT,
	      "explain() is pure, and its kind is one of the four");
	if (software.kind == MMU_SOFTWARE_SWAP) {
		holds(c, software.type == again.type && software.offset == again.offset,
		      "explain() fills in type and offset");
		holds(c, software.type <= 31, "a swap type is at most 31");
	} else if (software.kind != MMU_SOFTWARE_UNKNOWN) {
		holds(c, software.pa == again.pa, "explain() fills in the address");
		holds(c, !(software.pa & ~low_bits(format->pa_bits)),
		      "the software address has at most pa_bits");
		holds(c, !(software.pa & low_bits(format->level[p->level].shift)),
		      "the software address is aligned to the page");
	}
}

/* encode(), and its promise about outputs. */
static bool encode_guarded(struct checker *c, struct probe *p, const struct mmu_entry *entry)
{
	const struct mmu_format *format = p->regime.format;
	uint64_t raw = UINT64_C(0x5a5a5a5a5a5a5a5a), second = ~raw, width;
	bool accepted = c->arch->encode(&p->regime, p->level, entry, &raw, &second);

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
static bool check_round_trip(struct checker *c, struct probe p, const struct mmu_entry *entry)
{
	const struct mmu_level *level = &p.regime.format->level[p.level];
	struct mmu_entry back, moved = *entry;
	struct probe again = p;

	look_at_probe(c, &p, entry);
	if (!encode_guarded(c, &p, entry))
		return false;
	look_at_probe(c, &p, entry); /* now with its raw value */
	decode_twice(c, &p, &back);
	holds(c, same_meaning(&back, entry), "decode() gives back what encode() was told");
	if (holds(c, encode_guarded(c, &again, &back), "encode() takes what decode() gave"))
		holds(c, again.raw == p.raw && again.second == p.second, "encode() is stable");
	if (entry->kind != MMU_KIND_LEAF)
		return true;
	moved.pa |= random_u64(c) & low_bits(level->shift);
	if (holds(c, encode_guarded(c, &again, &moved), "any address inside the page will do"))
		holds(c, again.raw == p.raw && again.second == p.second,
		      "address bits inside the page are ignored");
	if (!entry->run_lg2)
		return true;
	moved.pa |= random_u64(c) & low_bits(level->shift + entry->run_lg2);
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

static struct mmu_regime nth_regime(struct checker *c, const struct mmu_format *format,
				    unsigned int n)
{
	const struct mmu_arch *arch = c->arch;
	struct mmu_regime regime = { .format = format, .pa_mask = low_bits(format->pa_bits) };
	unsigned int choice = n % ((unsigned int)arch->nr_traits + 3);

	if (choice == 0)
		regime.traits = arch->default_traits;
	else if (choice == 1)
		regime.traits = all_traits(arch) & (uint32_t)random_u64(c);
	else if (choice > 2)
		regime.traits = arch->traits[choice - 3].bit;
	if (n & 64 && format->pa_bits > format->level[0].shift + 4) /* a smaller machine */
		regime.pa_mask = low_bits(format->pa_bits - 1 - n / 128 % 4);
	return regime;
}

/* decode() any word; encode() whatever came out of it. */
static void check_words(struct checker *c, const struct mmu_format *format, unsigned int level)
{
	uint64_t width = low_bits(format->entry_bytes * 8u);

	for (unsigned int n = 0; n < RAWS_PER_LEVEL; n++) {
		struct probe p = { .regime = nth_regime(c, format, n / 130), .level = level };
		struct mmu_entry entry = { .kind = MMU_KIND_EMPTY };

		p.raw = nth_raw(c, n < 130 * 64 ? n % 130 : n, width);
		if (format->level[level].second_offset)
			p.second = n & 1 ? 0 : nth_raw(c, 130 + n / 2, width);
		look_at_probe(c, &p, &entry);
		if (!decode_twice(c, &p, &entry))
			continue;
		look_at_probe(c, &p, &entry);
		check_entry(c, &p, &entry);
		if (entry.kind == MMU_KIND_SOFTWARE)
			check_software(c, &p);
		if (entry.kind == MMU_KIND_LEAF || entry.kind == MMU_KIND_TABLE)
			check_round_trip(c, p, &entry);
	}
}

/* encode() any entry, sensible or not: a bit that decode() loses is seen only from this side. */
static void check_entries(struct checker *c, const struct mmu_format *format, unsigned int n_level)
{
	const struct mmu_level *level = &format->level[n_level];
	unsigned int leaves = 0, tables = 0, shapes[2] = { 0, 0 };

	for (unsigned int n = 0; n < ENTRIES_PER_LEVEL; n++) {
		struct probe p = { .regime = nth_regime(c, format, n / 64), .level = n_level };
		bool leaf = n & 1;
		struct mmu_entry entry = {
			.kind = leaf ? MMU_KIND_LEAF : MMU_KIND_TABLE,
			.rights = n >> 1 & MMU_RIGHTS_ALL,
			.run_lg2 = leaf && n % 3 == 0 ? level->run_lg2 : 0,
			.pa = random_u64(c) & p.regime.pa_mask,
		};

		entry.pa &= ~low_bits(leaf ? level->shift + entry.run_lg2 : 12);
		if (n < 4096) /* every address bit alone, so that none is lost */
			entry.pa &= BIT(n / 64);
		shapes[leaf] |= check_round_trip(c, p, &entry) ? 1u << entry.rights : 0;
		leaves += leaf && shapes[1];
		tables += !leaf && shapes[0];

		entry.kind = leaf ? n_level == 0 ? MMU_KIND_TABLE : MMU_KIND_BAD : MMU_KIND_EMPTY;
		look_at_probe(c, &p, &entry);
		holds(c, !encode_guarded(c, &p, &entry),
		      "encode() refuses what is no page or table");
		entry.kind = MMU_KIND_LEAF;
		entry.run_lg2 = level->may_be_leaf ? level->run_lg2 + 1 : 0;
		holds(c, !encode_guarded(c, &p, &entry), "encode() refuses impossible leaves");
		entry.run_lg2 = 0;
		entry.pa = low_bits(64) & ~low_bits(format->level[format->nr_levels - 1].shift);
		entry.pa |= format->pa_bits < 64 ? BIT(format->pa_bits) : 0;
		if (format->pa_bits < 64)
			holds(c, !encode_guarded(c, &p, &entry), "encode() refuses wide addresses");
	}
	look_at(c, "%s %s", format->name, level->name);
	holds(c, !level->may_be_leaf || leaves, "encode() can build leaves");
	holds(c, n_level == 0 || tables, "encode() can build tables");
}

/* ------------------------------------------------------------------ facts */

/* A kernel of which nothing, or only nonsense, is known. */
struct nonsense {
	struct checker *c;
	unsigned int percent; /* how often there is an answer */
	uint8_t note[512];
};

static bool answers(struct nonsense *n)
{
	return random_u64(n->c) % 100 < n->percent;
}

static uint64_t any_number(struct nonsense *n)
{
	uint64_t value = random_u64(n->c);

	switch (value & 7) {
	case 0:
		return value >> 3 & 1;
	case 1:
		return value >> 3 & 63;
	case 2:
		return value | UINT64_C(0xffffffff80000000);
	case 3:
		return value >> 32 & ~UINT64_C(0xfff);
	case 4:
		return value & ~UINT64_C(0xfff);
	default:
		return value;
	}
}

static bool any_get(void *context, const char *key, uint64_t *ret)
{
	if (!key || !answers(context))
		return false;
	*ret = any_number(context);
	return true;
}

static bool any_note(void *context, const char *name, uint32_t type, unsigned int n,
		     const uint8_t **ret_data, size_t *ret_bytes)
{
	struct nonsense *self = context;

	if (!name || !answers(self))
		return false;
	for (size_t i = 0; i < sizeof(self->note); i++)
		self->note[i] = (uint8_t)random_u64(self->c);
	memcpy(self->note, (const uint8_t[]){ 1, 0, 0, 0, 0xb8, 1, 0, 0 }, 8);
	*ret_data = self->note;
	*ret_bytes = answers(self) ? sizeof(self->note) : random_u64(self->c) % 64;
	return true;
}

static bool any_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	if (!answers(context)) /* but at 100 percent it never ends */
		return false;
	*ret_first_pa = any_number(context);
	*ret_last_pa = *ret_first_pa | 0xfffff;
	return true;
}

static bool any_bytes(void *context, uint64_t pa, void *buf, size_t bytes)
{
	uint8_t *out = buf;

	if (!answers(context))
		return false;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)random_u64(((struct nonsense *)context)->c);
	return true;
}

static void any_derived(void *context, const char *key, uint64_t value, const char *how)
{
	struct nonsense *self = context;

	holds(self->c, key && *key && how && *how, "derived() has a key and a reason");
}

static void check_linear(struct checker *c, const struct mmu_facts *facts, unsigned int percent)
{
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	size_t nr = 0;
	const char *text = c->arch->linear(facts, ranges, &nr);

	look_at(c, "linear() at %u%% of all facts", percent);
	holds(c, !text || *text, "a reason is not an empty text");
	if (text || !holds(c, nr <= MMU_LINEAR_MAX, "at most MMU_LINEAR_MAX ranges"))
		return;
	for (size_t i = 0; i < nr; i++) {
		holds(c, ranges[i].name && ranges[i].first_va <= ranges[i].last_va,
		      "a range has a name, and ends behind its start");
		for (size_t j = 0; j < i; j++)
			holds(c,
			      ranges[i].last_va < ranges[j].first_va ||
				      ranges[j].last_va < ranges[i].first_va,
			      "ranges don't overlap");
	}
}

static void check_facts(struct checker *c)
{
	struct nonsense nonsense = { .c = c };
	const struct mmu_facts facts = { &nonsense, any_get,   any_get,    any_note,
					 any_ram,   any_bytes, any_derived };

	for (unsigned int n = 0; n < FACT_ROUNDS; n++) {
		const struct mmu_root root = { (enum mmu_root_kind)(n % 3), any_number(&nonsense),
					       n / 3 % 2 };
		struct mmu_regime regime = { .format = NULL };
		const char *text;
		bool known = false;

		nonsense.percent = n < 6 ? 0 : n % 2 ? 100 : 90; /* 100: endless loops show */
		look_at(c, "locate() at %u%% of all facts", nonsense.percent);
		text = c->arch->locate(&facts, &root, &regime);
		for (size_t i = 0; i < c->arch->nr_formats; i++)
			known |= regime.format == &c->arch->formats[i];
		holds(c, text ? *text && !regime.format : known,
		      "locate() gives a reason, or one of its formats");
		holds(c, text || !(regime.traits & ~all_traits(c->arch)),
		      "locate() gives traits of the table");
		check_linear(c, &facts, nonsense.percent);
	}
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
	bool usable;

	look_at(c, "the object");
	usable = holds(c, arch->abi == MMU_ARCH_ABI, "the ABI number is the core's") &&
		 holds(c, arch->size >= sizeof(*arch), "size covers the whole object") &&
		 holds(c, arch->decode && arch->encode, "decode and encode are there") &&
		 holds(c, !arch->locate == !arch->linear,
		       "locate and linear are there, or neither is") &&
		 holds(c, arch->formats && arch->nr_formats, "there is a format");
	if (usable) {
		holds(c, is_word(arch->name) && !strchr(arch->name, '/') && arch->title,
		      "it has a name fit for a file, and a title");
		holds(c, arch->elf_class <= 2, "elf_class is 0, 1 or 2");
		usable = holds(c, arch->page_lg2 >= 9 && arch->page_lg2 <= 24,
			       "a page has 2^9 to 2^24 bytes");
		check_traits(c);
	}
	for (size_t i = 0; usable && i < arch->nr_formats; i++) {
		if (!check_format(c, &arch->formats[i]))
			continue;
		for (unsigned int level = 0; level < arch->formats[i].nr_levels; level++) {
			check_words(c, &arch->formats[i], level);
			check_entries(c, &arch->formats[i], level);
		}
	}
	if (usable && arch->locate)
		check_facts(c);
	if (ret_checks)
		*ret_checks = c->checks;
	return c->problems == 0;
}
