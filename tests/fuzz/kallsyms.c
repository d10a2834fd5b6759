/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * kallsyms found by its shape, and read, in kernels of every layout whose bytes an input changes:
 * the layout (1 byte), the word, the byte order and whether it is searched (1), then records of
 * part (1), offset (2), value (4).
 */
#include <stdlib.h>

#include "base/budget.h"
#include "facts/kallsyms.h"
#include "fuzz/fuzz.h"
#include "support/kallsyms_like.h"

#define RECORD_BYTES 7u
#define RECORDS_MAX 40u

static bool read_memory(void *context, uint64_t va, void *buf, size_t bytes)
{
	uint64_t at = va - like.base;

	if (va < like.base || at > MEMORY || bytes > MEMORY - at ||
	    (like.missing && at < like.missing + 4096 && at + bytes > like.missing))
		return false;
	memcpy(buf, like.memory + at, bytes);
	return true;
}

static const char *const wanted[] = { "init_task", "function_3", NULL };

static bool take_place(void *context, const struct mmu_kallsyms_place *place)
{
	struct mmu_kallsyms *table = NULL;
	struct mmu_error *error = mmu_kallsyms_open(place, read_memory, NULL, wanted, &table);
	uint64_t va;

	FUZZ_CHECK(!error == !!table);
	if (error) {
		FUZZ_CHECK(!strchr(mmu_error_message(error), '\n'));
		mmu_error_destroy(error);
		return false;
	}
	mmu_kallsyms_symbol(table, "init_task", &va);
	mmu_kallsyms_symbol(table, "linux_banner", &va);
	mmu_kallsyms_symbol(table, "nobody_wants", &va);
	mmu_kallsyms_next(table, like.base, &va);
	mmu_kallsyms_close(table);
	return true;
}

/* Making a kernel takes longer than anything else: each is made once. */
static void make_like(size_t layout, unsigned int way)
{
	static struct kallsyms_like *made[LAYOUTS][4];
	struct kallsyms_like **one = &made[layout][way];

	if (!*one) {
		make_at(&layouts[layout], way & 1 ? 4 : 8, way & 2,
			way & 1 ? 0xc0008000 : UINT64_C(0xffffffff81000000));
		*one = malloc(sizeof(**one));
		FUZZ_CHECK(*one);
		memcpy(*one, &like, sizeof(like));
	}
	memcpy(&like, *one, sizeof(like));
}

static void change(struct fuzz_input *input)
{
	const size_t parts[] = { like.names,       like.num_syms, like.markers, like.token_table,
				 like.token_index, like.offsets,  BANNER_AT,    0x4100 };
	unsigned int what = (unsigned int)fuzz_take(input, 1);
	size_t at = parts[what & 7] + fuzz_take(input, 2);
	uint32_t value = (uint32_t)fuzz_take(input, 4);

	if (what & 0x80)
		like.missing = at & ~(size_t)4095;
	else if (at + 4 <= MEMORY)
		mmu_put_uint(like.memory + at,
			     what & 8      ? 1
			     : what & 0x10 ? 2
					   : 4,
			     like.big_endian, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	size_t layout = fuzz_take(&input, 1) % LAYOUTS;
	unsigned int way = (unsigned int)fuzz_take(&input, 1);
	struct mmu_budget budget = { .factor = 1 };

	make_like(layout, way & 3);
	for (unsigned int i = 0; i < RECORDS_MAX && input.bytes; i++)
		change(&input);
	/* the search begins near the tokens: from the front it would take most of the time */
	size_t near = (like.token_table & ~(size_t)4095) - 4096;
	const struct mmu_kallsyms_where where = { like.base + near, like.base + near + 0x3fff,
						  like.word, like.big_endian, &budget };
	if (way & 4) /* fifty times as slow */
		mmu_kallsyms_find(&where, read_memory, take_place, NULL);
	struct mmu_kallsyms_place place = {
		.names_va = like.base + like.names,
		.num_syms_va = like.base + like.num_syms,
		.token_table_va = like.base + like.token_table,
		.token_index_va = like.base + like.token_index,
		.pointer_bytes = like.word,
		.big_endian = like.big_endian,
	};
	if (layouts[layout].addresses)
		place.addresses_va = like.base + like.offsets;
	else
		place.offsets_va = like.base + like.offsets;
	take_place(NULL, &place);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	size_t records = bytes < 2 ? 0 : (bytes - 2) / RECORD_BYTES;

	max = max < 2 + RECORDS_MAX * RECORD_BYTES ? max : 2 + RECORDS_MAX * RECORD_BYTES;
	bytes = bytes < max ? bytes : max;
	if (bytes < 2 || !fuzz_below(&random, 5) || 2 + (records + 1) * RECORD_BYTES > max)
		return LLVMFuzzerMutate(data, bytes, max);
	size_t at = 2 + RECORD_BYTES * records;
	bytes = at + RECORD_BYTES;
	fuzz_put(data, bytes, at, 1, false, fuzz_below(&random, 32));
	fuzz_put(data, bytes, at + 1, 2, false,
		 fuzz_below(&random, UINT64_C(1) << fuzz_below(&random, 16)));
	fuzz_put(data, bytes, at + 3, 4, false, fuzz_number(&random, data, bytes, 0));
	return bytes;
}

void fuzz_seeds(fuzz_seed_fn take)
{
	for (size_t i = 0; i < LAYOUTS; i++) {
		for (unsigned int way = 0; way < (i % 6 ? 4 : 5); way++) {
			const uint8_t data[] = { (uint8_t)i, (uint8_t)way };
			char name[32];

			snprintf(name, sizeof(name), "layout-%zu-%u", i, way);
			take(name, data, sizeof(data));
		}
	}
}
