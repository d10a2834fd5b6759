/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The tight loop over entries that say the same of pages that lie anywhere. It is built for vectors
 * (see meson.build): no exits within a block, no compare that a vector has not.
 */
#include "walk/alike.h"
#include "walk/words.h"

/* Entries in a block: enough for what is done once a block not to count. */
#define LONG 32u
#define SHORT 8u

/* As mmu_alike_of() says, as far as whole blocks go. */
static ALWAYS_INLINE uint64_t count_blocks(const struct mmu_sweep_level *level,
					   const uint8_t *words, uint64_t done, uint64_t room,
					   enum lie lie, unsigned int block, uint64_t *breaks)
{
	const struct mmu_format *format = level->table.regime->format;
	const uint64_t beside = ~level->alike.address, step = level->alike.step;
	const uint64_t first = word_at(words, 0, format, lie);

	for (; done + block <= room; done += block) {
		uint64_t differ = 0, nr = 0;

		for (unsigned int i = 1; i <= block; i++) {
			uint64_t word = word_at(words, done + i, format, lie);
			uint64_t gap = word - word_at(words, done + i - 1, format, lie) - step;

			differ |= word ^ first;
			nr += (gap | -gap) >> 63; /* is it not 0? */
		}
		if (differ & beside)
			break;
		*breaks += nr;
	}
	return done;
}

static ALWAYS_INLINE uint64_t count_single(const struct mmu_sweep_level *level, uint64_t index,
					   uint64_t room, enum lie lie, uint64_t *breaks)
{
	const uint8_t *words = level->table.raw + index * level->table.regime->format->slot_bytes;
	uint64_t few = room < SHORT ? room : SHORT;
	/* most runs are short where flags are mixed */
	uint64_t done = count_blocks(level, words, 0, few, lie, 1, breaks);

	if (done < few || done == room)
		return done;
	if (lie != LIE_OTHER) {
		done = count_blocks(level, words, done, room, lie, LONG, breaks);
		done = count_blocks(level, words, done, room, lie, SHORT, breaks);
	}
	return count_blocks(level, words, done, room, lie, 1, breaks);
}

/* With second words: neither may be 0, and both must go the same way. */
static ALWAYS_INLINE uint64_t count_pairs(const struct mmu_sweep_level *level, uint64_t index,
					  uint64_t room, enum lie lie, uint64_t *breaks)
{
	const struct mmu_table *table = &level->table;
	const struct mmu_format *format = table->regime->format;
	const uint64_t beside = ~level->alike.address, step = level->alike.step;
	const uint64_t first = word_at(table->raw, index, format, lie);
	const uint64_t first_second = word_at(table->second, index, format, lie);
	uint64_t before = first, done = 0;

	for (; done < room; done++) {
		uint64_t word = word_at(table->raw, index + done + 1, format, lie);
		uint64_t second = word_at(table->second, index + done + 1, format, lie);

		if (!word || !second || ((word ^ first) | (second ^ first_second)) & beside ||
		    second - word != first_second - first)
			break;
		*breaks += word != before + step;
		before = word;
	}
	return done;
}

#define COUNT(name, lie)                                                                           \
	static uint64_t name(const struct mmu_sweep_level *level, uint64_t index, uint64_t room,   \
			     uint64_t *breaks)                                                     \
	{                                                                                          \
		return count_single(level, index, room, lie, breaks);                              \
	}                                                                                          \
	static uint64_t name##_pairs(const struct mmu_sweep_level *level, uint64_t index,          \
				     uint64_t room, uint64_t *breaks)                              \
	{                                                                                          \
		return count_pairs(level, index, room, lie, breaks);                               \
	}
COUNT(count_8, LIE_8)
COUNT(count_8_swapped, LIE_8_SWAPPED)
COUNT(count_4, LIE_4)
COUNT(count_4_swapped, LIE_4_SWAPPED)
COUNT(count_other, LIE_OTHER)

mmu_alike_fn mmu_alike_of(const struct mmu_format *format, bool paired)
{
	static const mmu_alike_fn counts[][2] = {
		[LIE_8] = { count_8, count_8_pairs },
		[LIE_8_SWAPPED] = { count_8_swapped, count_8_swapped_pairs },
		[LIE_4] = { count_4, count_4_pairs },
		[LIE_4_SWAPPED] = { count_4_swapped, count_4_swapped_pairs },
		[LIE_OTHER] = { count_other, count_other_pairs },
	};

	return counts[lie_of(format)][paired];
}
