/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of one table: read a page at a time, decoded one by one. */
#include <string.h>

#include "walk/step.h"
#include "walk/table.h"
#include "walk/words.h"

bool mmu_words_read(const struct mmu_walker *walker, const struct mmu_format *format,
		    const struct mmu_level *level, uint64_t pa, uint64_t count, uint8_t *raw,
		    uint8_t *second)
{
	size_t bytes = (size_t)((count - 1) * format->slot_bytes + format->entry_bytes);

	if (mmu_image_read(walker->cursor, pa, raw, bytes, NULL) != MMU_PAGE_PRESENT)
		return false;
	pa += (uint64_t)(int64_t)level->second_offset;
	return !level->second_offset ||
	       mmu_image_read(walker->cursor, pa, second, bytes, NULL) == MMU_PAGE_PRESENT;
}

static const struct mmu_level *level_of(const struct mmu_table *table)
{
	return &table->regime->format->level[table->level];
}

void mmu_table_init(struct mmu_table *table, const struct mmu_walker *walker,
		    const struct mmu_regime *regime, unsigned int level, uint64_t table_pa)
{
	struct mmu_entry zero;

	regime->format->decode(regime, level, 0, 0, &zero);
	table->walker = walker;
	table->regime = regime;
	table->level = level;
	table->table_pa = table_pa;
	table->nr = mmu_table_span(regime, level) / regime->format->slot_bytes;
	table->zero_is_empty = zero.kind == MMU_KIND_EMPTY;
	table->picks = false;
	table->raw = table->copy[0];
	table->second = table->copy[1];
	mmu_table_move(table, table_pa);
}

/* The bytes where the image has them, if they stay there. */
static bool find_in_place(const struct mmu_walker *walker, uint64_t pa, uint64_t bytes,
			  const uint8_t **ret)
{
	struct mmu_span span = mmu_image_span(walker->cursor, pa);

	if (span.state != MMU_PAGE_PRESENT || span.bytes < bytes)
		return false;
	*ret = span.data;
	return true;
}

static bool load_in_place(struct mmu_table *table, uint64_t pa)
{
	const struct mmu_format *format = table->regime->format;
	uint64_t bytes = (table->chunk_count - 1) * format->slot_bytes + format->entry_bytes;
	int32_t second_offset = level_of(table)->second_offset;

	if (!table->walker->cursor->image->reader->spans_last ||
	    !find_in_place(table->walker, pa, bytes, &table->raw))
		return false;
	return !second_offset || find_in_place(table->walker, pa + (uint64_t)(int64_t)second_offset,
					       bytes, &table->second);
}

/* What would be found in place, but is looked at once: a read costs less than the faults. */
static bool load_picked(struct mmu_table *table, uint64_t pa)
{
	const struct mmu_format *format = table->regime->format;
	uint64_t bytes = (table->chunk_count - 1) * format->slot_bytes + format->entry_bytes;

	if (!table->picks || !table->walker->cursor->image->reader->spans_last ||
	    level_of(table)->second_offset ||
	    mmu_image_pick(table->walker->cursor, pa, table->copy[0], bytes, NULL) !=
		    MMU_PAGE_PRESENT)
		return false;
	table->raw = table->copy[0];
	return true;
}

void mmu_table_load(struct mmu_table *table, uint64_t index)
{
	const struct mmu_format *format = table->regime->format;
	uint64_t per_chunk = MMU_CHUNK_BYTES / format->slot_bytes;
	uint64_t pa;

	table->chunk_first = index - index % per_chunk;
	table->chunk_count = table->nr - table->chunk_first;
	if (table->chunk_count > per_chunk)
		table->chunk_count = per_chunk;
	pa = table->table_pa + table->chunk_first * format->slot_bytes;
	table->chunk_whole = load_picked(table, pa) || load_in_place(table, pa);
	if (table->chunk_whole)
		return;
	table->raw = table->copy[0];
	table->second = table->copy[1];
	table->chunk_whole = mmu_words_read(table->walker, format, level_of(table), pa,
					    table->chunk_count, table->copy[0], table->copy[1]);
}

void mmu_table_announce(struct mmu_table *table, uint64_t first, uint64_t last)
{
	const struct mmu_image *image = table->walker->cursor->image;
	uint64_t pas[MMU_EXPECTED_MAX], end = table->chunk_first + table->chunk_count;
	struct mmu_step step;
	size_t nr = 0;

	if (!image->reader->lacks || !table->level || !table->chunk_whole)
		return;
	end = last < end ? last + 1 : end;
	/* We begin with the first one, and whoever unpacks the others with the last one. */
	for (uint64_t index = end; index-- > first && nr < MMU_EXPECTED_MAX;) {
		if (!mmu_table_entry(table, index, &step) || !step.readable ||
		    step.entry.kind != MMU_KIND_TABLE)
			continue;
		if (!nr && !mmu_image_expects(image, step.entry.pa))
			return;
		pas[nr++] = step.entry.pa;
	}
	mmu_image_expect(image, pas, nr);
}

/* Zeros at the beginning, as far as blocks of them go and single bytes then. */
static size_t zeros_at(const uint8_t *bytes, size_t count)
{
	size_t at = 0;
	uint64_t block[8];

	for (; at + sizeof(block) <= count; at += sizeof(block)) {
		memcpy(block, bytes + at, sizeof(block));
		if (block[0] | block[1] | block[2] | block[3] | block[4] | block[5] | block[6] |
		    block[7])
			break;
	}
	for (; at + sizeof(block[0]) <= count; at += sizeof(block[0])) {
		memcpy(block, bytes + at, sizeof(block[0]));
		if (block[0])
			break;
	}
	while (at < count && !bytes[at])
		at++;
	return at;
}

uint64_t mmu_table_skip_zeros(const struct mmu_table *table, uint64_t index)
{
	const struct mmu_format *format = table->regime->format;
	size_t from = (size_t)(index - table->chunk_first) * format->slot_bytes;
	size_t bytes = (size_t)(table->chunk_count - 1) * format->slot_bytes + format->entry_bytes;
	size_t zeros = zeros_at(table->raw + from, bytes - from);

	if (level_of(table)->second_offset && zeros)
		zeros = zeros_at(table->second + from, zeros);
	return from + zeros == bytes ? table->chunk_first + table->chunk_count
				     : index + zeros / format->slot_bytes;
}

/* Words of which a byte is not 0; how they lie in memory does not matter. */
static ALWAYS_INLINE uint64_t count_words(const struct mmu_table *table, uint64_t index,
					  uint64_t count, enum lie lie)
{
	const struct mmu_format *format = table->regime->format;
	uint64_t first = index - table->chunk_first, nr = 0;

	for (uint64_t i = first; i < first + count; i++)
		nr += word_at(table->raw, i, format, lie) != 0;
	return nr;
}

uint64_t mmu_table_count(const struct mmu_table *table, uint64_t index, uint64_t count)
{
	enum lie lie = lie_of(table->regime->format);
	uint64_t nr = 0, second;

	if (!level_of(table)->second_offset && (lie == LIE_8 || lie == LIE_8_SWAPPED))
		return count_words(table, index, count, LIE_8);
	if (!level_of(table)->second_offset && (lie == LIE_4 || lie == LIE_4_SWAPPED))
		return count_words(table, index, count, LIE_4);
	for (uint64_t i = index; i < index + count; i++)
		nr += (mmu_table_words(table, i, &second) | second) != 0;
	return nr;
}

uint64_t mmu_table_words(const struct mmu_table *table, uint64_t index, uint64_t *ret_second)
{
	const struct mmu_format *format = table->regime->format;
	size_t at = (size_t)(index - table->chunk_first) * format->slot_bytes;

	*ret_second = level_of(table)->second_offset
			      ? mmu_get_uint(table->second + at, format->entry_bytes,
					     format->big_endian)
			      : 0;
	return mmu_get_uint(table->raw + at, format->entry_bytes, format->big_endian);
}

bool mmu_table_entry(struct mmu_table *table, uint64_t index, struct mmu_step *ret)
{
	const struct mmu_format *format = table->regime->format;
	const struct mmu_level *level = level_of(table);

	ret->level = table->level;
	ret->table_pa = table->table_pa;
	ret->index = index;
	ret->probe = NULL;
	ret->nr_slots = 0;
	if (index - table->chunk_first >= table->chunk_count)
		mmu_table_load(table, index);
	if (!table->chunk_whole || level->first_of_run) {
		mmu_step_read(table->walker, table->regime, ret);
		return true;
	}
	ret->raw = mmu_table_words(table, index, &ret->second);
	if (!ret->raw && !ret->second && table->zero_is_empty)
		return false;
	ret->slot_state = MMU_PAGE_PRESENT;
	ret->slot_pa = table->table_pa + index * format->slot_bytes;
	ret->has_second = level->second_offset != 0;
	ret->second_pa = ret->has_second ? ret->slot_pa + (uint64_t)(int64_t)level->second_offset
					 : 0;
	ret->effective = 0;
	ret->readable = true;
	format->decode(table->regime, table->level, ret->raw, ret->second, &ret->entry);
	return true;
}

enum mmu_page_state mmu_walker_table(const struct mmu_walker *walker,
				     const struct mmu_regime *regime, unsigned int level,
				     uint64_t table_pa,
				     bool (*fn)(const struct mmu_step *step, void *context),
				     void *context)
{
	enum mmu_page_state state = MMU_PAGE_PRESENT;
	struct mmu_table table;
	struct mmu_step step;

	mmu_table_init(&table, walker, regime, level, table_pa);
	for (uint64_t index = 0; index < table.nr; index++) {
		if (!mmu_table_entry(&table, index, &step))
			continue;
		if (!step.readable) {
			if (state == MMU_PAGE_PRESENT)
				state = step.slot_state;
			continue;
		}
		if (step.entry.kind == MMU_KIND_EMPTY)
			continue;
		step.effective = step.entry.rights;
		if (!fn(&step, context))
			break;
	}
	return state;
}
