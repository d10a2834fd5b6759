/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file BTF, the types that a kernel carries. The first byte: big-endian, or not. */
#include <string.h>

#include "facts/btf.h"
#include "fuzz/fuzz.h"
#include "support/btf_like.h"

static const char *const types[] = { "task_struct", "mm_struct", "list_head", "a", "" };
static const char *const paths[] = { "state", "next", "matrix", "mm.pgd", "inner.deep", "a.b.c" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void forget(struct mmu_error *error)
{
	if (error)
		FUZZ_CHECK(!strchr(mmu_error_message(error), '\n'));
	mmu_error_destroy(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct mmu_btf *btf = NULL;
	struct mmu_member member;
	uint64_t size;
	int64_t value;

	if (!bytes)
		return 0;
	const struct mmu_bytes map = { data + 1, bytes - 1 };
	uint64_t said = mmu_btf_bytes(map, data[0] & 1);
	struct mmu_error *error = mmu_btf_open(map, data[0] & 1, &btf);
	FUZZ_CHECK(!error == !!btf);
	if (error) {
		forget(error);
		return 0;
	}
	FUZZ_CHECK(said && said <= bytes - 1);
	for (size_t i = 0; i < COUNT(types); i++) {
		forget(mmu_btf_size(btf, types[i], &size));
		for (size_t k = 0; k < COUNT(paths); k++) {
			error = mmu_btf_member(btf, types[i], paths[k], &member);
			forget(error);
		}
	}
	forget(mmu_btf_enumerator(btf, NULL, "ONE", &value));
	forget(mmu_btf_enumerator(btf, "state", "ONE", &value));
	mmu_btf_close(btf);
	return 0;
}

/* A word of a type, or of the header. The strings' place is made to fit in half the cases. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	size_t at;

	max = max < 4096 ? max : 4096;
	bytes = bytes < max ? bytes : max;
	if (bytes < 32 || !fuzz_below(&random, 4))
		return LLVMFuzzerMutate(data, bytes, max);
	bool big = data[0] & 1;
	for (uint64_t n = 1 + fuzz_below(&random, 4); n; n--) {
		at = 1 + (fuzz_below(&random, bytes - 5) & ~UINT64_C(3));
		switch (fuzz_below(&random, 4)) {
		case 0:
			fuzz_change(&random, data, bytes, at, 4, big);
			break;
		case 1: /* the number of another type, or a name's place */
			fuzz_put(data, bytes, at, 4, big, fuzz_below(&random, 64));
			break;
		case 2: /* another kind, with some members */
			fuzz_put(data, bytes, at, 4, big,
				 fuzz_below(&random, 21) << 24 | fuzz_below(&random, 4) |
					 (fuzz_below(&random, 8) ? 0 : UINT64_C(1) << 31));
			break;
		default: /* a word more */
			if (bytes + 4 > max)
				break;
			memmove(data + at + 4, data + at, bytes - at);
			bytes += 4;
		}
	}
	if (fuzz_below(&random, 2)) {
		uint64_t head = fuzz_get(data, bytes, 1 + 4, 4, big);
		uint64_t types_bytes = fuzz_get(data, bytes, 1 + 12, 4, big);

		if (head + types_bytes < bytes - 1) {
			fuzz_put(data, bytes, 1 + 16, 4, big, types_bytes);
			fuzz_put(data, bytes, 1 + 20, 4, big, bytes - 1 - head - types_bytes);
		}
	}
	return bytes;
}

/* A type of each kind (Documentation/bpf/btf.rst). */
void fuzz_seeds(fuzz_seed_fn take)
{
	struct blob kinds = { .bytes = 0 }, strings = { .bytes = 1 };
	uint8_t out[1 + 8192] = { 0 };

	type(&kinds, name(&strings, "int"), 1, 0, 4); /* 1 */
	put(&kinds, 0x01000020);
	type(&kinds, 0, 2, 0, 6); /* 2: struct task_struct * */
	type(&kinds, 0, 3, 0, 0); /* 3: int[5] */
	put(&kinds, 1), put(&kinds, 1), put(&kinds, 5);
	type(&kinds, 0, 5, 1, 8); /* 4: union { struct mm_struct *mm; } */
	put(&kinds, name(&strings, "mm")), put(&kinds, 7), put(&kinds, 0);
	type(&kinds, name(&strings, "state"), 6, 1, 4); /* 5: enum state */
	put(&kinds, name(&strings, "ONE")), put(&kinds, 1);
	type(&kinds, name(&strings, "task_struct"), 4, 5, 64); /* 6 */
	put(&kinds, name(&strings, "state")), put(&kinds, 5), put(&kinds, 0);
	put(&kinds, name(&strings, "next")), put(&kinds, 2), put(&kinds, 64);
	put(&kinds, name(&strings, "matrix")), put(&kinds, 3), put(&kinds, 128);
	put(&kinds, 0), put(&kinds, 4), put(&kinds, 320);
	put(&kinds, name(&strings, "a")), put(&kinds, 9), put(&kinds, 384);
	type(&kinds, 0, 2, 0, 8);                            /* 7: struct mm_struct * */
	type(&kinds, name(&strings, "mm_struct"), 4, 1, 16); /* 8 */
	put(&kinds, name(&strings, "pgd")), put(&kinds, 2), put(&kinds, 0);
	type(&kinds, name(&strings, "a"), 8, 0, 10); /* 9: typedef const volatile ... */
	type(&kinds, 0, 9, 0, 11);
	type(&kinds, 0, 10, 0, 8);
	type(&kinds, name(&strings, "list_head"), 7, 0, 0); /* 12: forward */
	type(&kinds, name(&strings, "f"), 12, 0, 14);       /* function and its prototype */
	type(&kinds, 0, 13, 1, 1);
	put(&kinds, 0), put(&kinds, 1);
	type(&kinds, name(&strings, "v"), 14, 0, 1); /* variable */
	put(&kinds, 0);
	type(&kinds, name(&strings, ".data"), 15, 1, 4); /* section */
	put(&kinds, 15), put(&kinds, 0), put(&kinds, 4);
	type(&kinds, name(&strings, "float"), 16, 0, 4);
	type(&kinds, name(&strings, "tag"), 17, 0, 6);
	put(&kinds, UINT32_MAX);
	type(&kinds, name(&strings, "tag2"), 18, 0, 6);
	type(&kinds, name(&strings, "big"), 19, 1, 8);
	put(&kinds, name(&strings, "ONE")), put(&kinds, 1), put(&kinds, 0);
	take("kinds", out, 1 + btf_finish(&kinds, &strings, out + 1));
}
