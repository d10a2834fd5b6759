/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A translation that shares nothing with the walk loop: what back-ends ask of facts. */
#ifndef MMU_SUPPORT_NAIVE_H
#define MMU_SUPPORT_NAIVE_H

#include <endian.h>
#include <string.h>

#include "mmuscope/arch.h"

/** Read physical memory, all or nothing. */
typedef bool (*naive_read_fn)(void *context, uint64_t pa, void *buf, size_t bytes);

/* A word as it was read, from the first byte of `raw` on. */
static inline uint64_t naive_word(const struct mmu_format *format, uint64_t raw)
{
	return format->big_endian ? be64toh(raw) >> (64 - 8 * format->entry_bytes) : le64toh(raw);
}

/**
 * Words, one after the other; windows are not looked at.
 * @param ret_bytes  of the page, or of the hole's entry
 */
static inline bool naive_walk(naive_read_fn read, const struct mmu_regime *regime, uint64_t va,
			      uint64_t *ret_pa, uint64_t *ret_bytes)
{
	const struct mmu_format *format = regime->format;
	uint64_t table_pa = regime->root_pa;

	*ret_bytes = 1;
	if (va < regime->first_va || va > regime->last_va)
		return false;
	for (int level = regime->top_level; level >= 0; level--) {
		const struct mmu_shape *shape = &regime->shape[level];
		uint64_t index = (va >> shape->shift) % ((uint64_t)1 << shape->index_bits);
		uint64_t slot_pa = table_pa + index * format->slot_bytes, raw = 0, second = 0;
		int32_t offset = format->level[level].second_offset;
		struct mmu_entry entry;

		*ret_bytes = (uint64_t)1 << shape->shift;
		if (!read(NULL, slot_pa, &raw, format->entry_bytes) ||
		    (offset && !read(NULL, slot_pa + (uint64_t)(int64_t)offset, &second,
				     format->entry_bytes)))
			return false;
		format->decode(regime, (unsigned int)level, naive_word(format, raw),
			       naive_word(format, second), &entry);
		if (entry.kind == MMU_KIND_LEAF) {
			*ret_bytes <<= entry.run_lg2;
			*ret_pa = entry.pa + va % *ret_bytes;
			return true;
		}
		if (entry.kind != MMU_KIND_TABLE)
			return false;
		table_pa = entry.pa;
	}
	return false;
}

static inline bool naive_next_mapped(naive_read_fn read, const struct mmu_regime *regime,
				     uint64_t *va, uint64_t last_va, uint64_t *ret_pa)
{
	uint64_t at = *va, bytes;

	for (unsigned int tries = 0; tries < 100000; tries++) {
		if (naive_walk(read, regime, at, ret_pa, &bytes)) {
			*va = at;
			return true;
		}
		at |= bytes - 1;
		if (at >= last_va)
			return false;
		at++;
	}
	return false;
}

#endif
