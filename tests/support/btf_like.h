/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file BTF made by hand, record by record (Documentation/bpf/btf.rst). */
#ifndef BTF_LIKE_H
#define BTF_LIKE_H

#include <string.h>

#include "base/bytes.h"

/** Types or strings that grow. */
struct blob {
	uint8_t data[4096];
	size_t bytes;
};

static inline void put(struct blob *blob, uint32_t word)
{
	mmu_put_uint(blob->data + blob->bytes, 4, false, word);
	blob->bytes += 4;
}

/** @return the text's offset in the strings */
static inline uint32_t name(struct blob *strings, const char *text)
{
	uint32_t at = (uint32_t)strings->bytes;

	memcpy(strings->data + at, text, strlen(text) + 1);
	strings->bytes += strlen(text) + 1;
	return at;
}

/** The head of a type; what its kind has behind it follows by put(). */
static inline void type(struct blob *types, uint32_t text, unsigned int kind, unsigned int nr,
			uint32_t size_or_type)
{
	put(types, text);
	put(types, kind << 24 | nr);
	put(types, size_or_type);
}

/** Header, types, strings. @return how many bytes */
static inline size_t btf_finish(const struct blob *types, const struct blob *strings, uint8_t *out)
{
	const uint32_t header[6] = { 0x0001eb9f,
				     24,
				     0,
				     (uint32_t)types->bytes,
				     (uint32_t)types->bytes,
				     (uint32_t)strings->bytes };

	for (size_t i = 0; i < 6; i++)
		mmu_put_uint(out + 4 * i, 4, false, header[i]);
	memcpy(out + 24, types->data, types->bytes);
	memcpy(out + 24 + types->bytes, strings->data, strings->bytes);
	return 24 + types->bytes + strings->bytes;
}

#endif
