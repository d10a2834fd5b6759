/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How two formats translate: levels, tables, reach, reads, rights, and what tables cost. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "sides.h"

/* All sets of rights: bit n stands for the set n. */
#define RIGHTS_SETS (MMU_RIGHTS_ALL + 1u)

static const struct mmu_regime *regime_of(const struct compare *compare, unsigned int side)
{
	return tool_linux_regime(compare->side[side].space);
}

static bool is_hashed(const struct mmu_regime *regime)
{
	return regime->format->kind == MMU_FORMAT_HASHED;
}

bool compare_one_format(const struct compare *compare)
{
	const struct mmu_regime *a = regime_of(compare, 0), *b = regime_of(compare, 1);

	return a->format == b->format && a->top_level == b->top_level &&
	       memcmp(a->shape, b->shape, sizeof(a->shape)) == 0;
}

/* ------------------------------------------------------------------ rights */

/*
 * Which rights a page of the smallest size can have: those that the back-end builds an entry for,
 * as it then reads it, within what the regime grants.
 */
static uint32_t rights_sets(const struct mmu_regime *regime)
{
	const struct mmu_format *format = regime->format;
	uint32_t sets = 0;

	for (unsigned int rights = 0; rights < RIGHTS_SETS; rights++) {
		struct mmu_entry entry = { .kind = MMU_KIND_LEAF, .rights = (uint8_t)rights };
		uint64_t raw, second = 0;

		if (!format->encode || !format->encode(regime, 0, &entry, &raw, &second))
			continue;
		format->decode(regime, 0, raw, second, &entry);
		if (entry.kind == MMU_KIND_LEAF)
			sets |= UINT32_C(1) << (entry.rights & regime->rights);
	}
	return sets;
}

static void write_rights(FILE *out, uint32_t sets)
{
	char text[6];

	for (unsigned int rights = RIGHTS_SETS; rights-- > 0;)
		if (sets >> rights & 1)
			fprintf(out, " %s", mmu_rights_text((uint8_t)rights, text));
}

/* ------------------------------------------------------------------ what tables cost */

/* The regime of Linux's tables that holds both ends of a range, or NULL. */
static const struct mmu_regime *holder(struct mmu_space *space, uint64_t first_va, uint64_t last_va)
{
	const struct mmu_regime *regime;

	for (size_t i = 0; (regime = mmu_space_regime(space, i)); i++)
		if (regime->view != MMU_VIEW_HARDWARE && first_va >= regime->first_va &&
		    last_va <= regime->last_va)
			return regime;
	return NULL;
}

/* Tables, of an address space that is filled from below. */
struct filling {
	struct mmu_space *space; /* whose formats are taken */
	bool fits;
	uint64_t bytes;
	uint64_t root_pa, next[MMU_LEVELS_MAX]; /* per level, the first table not yet counted */
};

static void fill(struct filling *filling, uint64_t first_va, uint64_t last_va)
{
	const struct mmu_regime *regime = holder(filling->space, first_va, last_va);

	if (!regime) {
		filling->fits = false;
		return;
	}
	if (is_hashed(regime)) { /* a slot a page, and no page lies in two ranges */
		filling->bytes += ((last_va - first_va) >> regime->shape[0].shift) *
				  regime->format->slot_bytes;
		filling->bytes += regime->format->slot_bytes;
		return;
	}
	if (regime->root_pa != filling->root_pa)
		filling->bytes += mmu_regime_table_bytes(regime, regime->top_level);
	filling->root_pa = regime->root_pa;
	for (unsigned int level = 0; level < regime->top_level; level++) {
		unsigned int shift = regime->shape[level + 1].shift;
		uint64_t first = first_va >> shift, last = last_va >> shift;

		first = first < filling->next[level] ? filling->next[level] : first;
		if (first > last)
			continue;
		filling->bytes += (last - first + 1) * mmu_regime_table_bytes(regime, level);
		filling->next[level] = last + 1;
	}
}

struct mmu_error *compare_tables_of_other(const struct compare *compare, unsigned int side,
					  bool *ret_fits, uint64_t *ret_bytes)
{
	const struct mmu_part part = { .size = sizeof(part),
				       .first_va = compare->range[side].first_va,
				       .last_va = compare->range[side].last_va };
	struct filling filling = { .space = compare->side[!side].space,
				   .fits = true,
				   .root_pa = UINT64_MAX };
	const struct mmu_range *range = NULL;
	struct mmu_ranges *ranges = NULL;
	struct mmu_error *error = mmu_ranges_open(compare->side[side].space, &part, &ranges);

	while (!error && !(error = mmu_ranges_next(ranges, &range)) && range && filling.fits &&
	       !tool_interrupted())
		if (range->result == MMU_RESULT_MAPPED)
			fill(&filling, range->first_va, range->last_va);
	mmu_ranges_close(ranges);
	*ret_fits = filling.fits;
	*ret_bytes = filling.bytes;
	return error;
}

/* ------------------------------------------------------------------ text */

static void write_levels(FILE *out, const struct mmu_regime *regime)
{
	if (is_hashed(regime)) {
		fprintf(out, "one table for all, %" PRIu64 " slots\n", regime->nr_slots);
		return;
	}
	for (unsigned int level = regime->top_level + 1u; level-- > 0;)
		fprintf(out, "%s %u, ", regime->format->level[level].name,
			regime->shape[level].index_bits);
	fprintf(out, "offset %u bits\n", regime->shape[0].shift);
}

static void write_tables(FILE *out, const struct mmu_regime *regime)
{
	if (is_hashed(regime)) {
		fprintf(out, "slots of %u bytes\n", regime->format->slot_bytes);
		return;
	}
	for (unsigned int level = regime->top_level + 1u; level-- > 0;)
		fprintf(out, "%s %u x %u bytes%s", regime->format->level[level].name,
			1u << regime->shape[level].index_bits, regime->format->slot_bytes,
			level ? ", " : "\n");
}

static void write_reach(FILE *out, const struct mmu_regime *regime)
{
	for (unsigned int level = regime->top_level + 1u; level-- > 0;)
		fprintf(out, "%s %s%s%s", regime->format->level[level].name,
			tool_size((uint64_t)1 << regime->shape[level].shift),
			regime->format->level[level].may_be_leaf ? " (a page)" : "",
			level ? ", " : "\n");
}

static void write_reads(FILE *out, const struct mmu_regime *regime)
{
	unsigned int levels = regime->top_level + 1u;

	if (is_hashed(regime)) {
		fprintf(out, "one group of slots, or several\n");
		return;
	}
	fprintf(out, "%u", levels);
	for (unsigned int level = 1; level < levels; level++)
		if (regime->format->level[level].may_be_leaf)
			fprintf(out, ", %u for %s", levels - level,
				tool_size((uint64_t)1 << regime->shape[level].shift));
	fprintf(out, "\n");
}

void compare_translations_text(const struct compare *compare, struct compare_columns *columns)
{
	static const struct {
		const char *label;
		void (*write)(FILE *out, const struct mmu_regime *regime);
	} rows[] = { { "index bits", write_levels },
		     { "a table", write_tables },
		     { "an entry", write_reach },
		     { "reads", write_reads } };
	uint32_t sets[2] = { rights_sets(regime_of(compare, 0)),
			     rights_sets(regime_of(compare, 1)) };

	if (compare_one_format(compare))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		compare_begin(columns);
		for (unsigned int side = 0; side < 2; side++)
			rows[i].write(columns->side[side], regime_of(compare, side));
		compare_end(columns, rows[i].label);
	}
	if (sets[0] == sets[1])
		return;
	compare_begin(columns);
	for (unsigned int side = 0; side < 2; side++) {
		uint32_t only = sets[side] & ~sets[!side];

		fprintf(columns->side[side], "%s",
			only ? "only here:" : "none that the other lacks");
		write_rights(columns->side[side], only);
		fprintf(columns->side[side], "\n");
	}
	compare_end(columns, "rights");
}

struct mmu_error *compare_same_pages_text(const struct compare *compare,
					  struct compare_columns *columns)
{
	struct mmu_error *error = NULL;

	if (compare_one_format(compare))
		return NULL;
	compare_begin(columns);
	for (unsigned int side = 0; side < 2; side++) {
		/* the pages are the other side's: a column speaks of its own format */
		bool fits = false;
		uint64_t bytes = 0;

		if (!error)
			error = compare_tables_of_other(compare, !side, &fits, &bytes);
		if (fits)
			fprintf(columns->side[side], "%s of tables for the pages of the %s\n",
				tool_size(bytes), compare_side_name(!side));
		else
			fprintf(columns->side[side], "the addresses of the %s don't fit\n",
				compare_side_name(!side));
	}
	compare_end(columns, "would take");
	return error;
}

/* ------------------------------------------------------------------ JSON */

void compare_translation_json(const struct mmu_regime *regime)
{
	uint32_t sets = rights_sets(regime);
	char text[6];

	json_number("entry_bytes", regime->format->slot_bytes);
	json_array("levels");
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		json_object(NULL);
		json_number("level", level);
		json_string("name", regime->format->level[level].name);
		json_number("shift", regime->shape[level].shift);
		json_number("index_bits", regime->shape[level].index_bits);
		json_number("table_bytes", (int64_t)mmu_regime_table_bytes(regime, level));
		json_bool("may_be_leaf", regime->format->level[level].may_be_leaf);
		json_object_end();
	}
	json_array_end();
	json_array("page_rights");
	for (unsigned int rights = RIGHTS_SETS; rights-- > 0;)
		if (sets >> rights & 1)
			json_string(NULL, mmu_rights_text((uint8_t)rights, text));
	json_array_end();
}
