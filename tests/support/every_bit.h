/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Has every bit that is set in an entry a name, or is it part of an address or of swap? */
#ifndef MMU_SUPPORT_EVERY_BIT_H
#define MMU_SUPPORT_EVERY_BIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "support/flag_texts.h"

/** What an entry says apart from its flags. @return false: nothing that Linux or hardware writes */
static inline bool every_bit_payload(const struct mmu_regime *r, unsigned int level, uint64_t raw,
				     uint64_t second, struct mmu_entry *entry,
				     struct mmu_software *software)
{
	*software = (struct mmu_software){ 0 };
	r->format->decode(r, level, raw, second, entry);
	if (entry->kind != MMU_KIND_SOFTWARE)
		return entry->kind == MMU_KIND_TABLE || entry->kind == MMU_KIND_LEAF;
	r->format->explain(r, level, raw, second, software);
	return software->kind != MMU_SOFTWARE_UNKNOWN;
}

/** Does the bit move what the entry points to? */
static inline bool every_bit_moves(const struct mmu_regime *r, unsigned int level, uint64_t raw,
				   uint64_t second, uint64_t raw_bit, uint64_t second_bit)
{
	struct mmu_entry a, b;
	struct mmu_software in_a, in_b;

	every_bit_payload(r, level, raw, second, &a, &in_a);
	if (a.run_lg2 && raw_bit >> r->shape[level].shift &&
	    !(raw_bit >> (r->shape[level].shift + a.run_lg2)))
		return true; /* an address inside the run */
	every_bit_payload(r, level, raw ^ raw_bit, second ^ second_bit, &b, &in_b);
	if (in_a.kind && !in_b.kind)
		return true; /* what lies below an inverted frame */
	return a.pa != b.pa || in_a.pa != in_b.pa || in_a.type != in_b.type ||
	       in_a.offset != in_b.offset;
}

static inline void every_bit_of_word(const struct mmu_regime *r, unsigned int level, uint64_t raw,
				     uint64_t second, enum mmu_kind kind, bool of_second)
{
	struct flag_text texts[48];
	uint64_t word = of_second ? second : raw, shown = 0;
	size_t nr = flag_texts(r, level, kind, of_second, word, texts, 48);

	for (size_t i = 0; i < nr; i++)
		shown |= texts[i].flag->mask;
	for (unsigned int n = 0; n < 64; n++) {
		uint64_t bit = UINT64_C(1) << n;

		if (word & bit & ~shown &&
		    !every_bit_moves(r, level, raw, second, of_second ? 0 : bit,
				     of_second ? bit : 0))
			fail_msg("%s %s level %u traits %x: bit %u of 0x%llx%s has no name",
				 r->format->name, r->name, level, r->traits, n,
				 (unsigned long long)word, of_second ? " (second)" : "");
	}
}

/** Goes through words of all kinds, at all levels, in all regimes, with each trait. */
static inline void every_bit_has_a_name(const struct mmu_arch *arch, uint32_t without_traits)
{
	uint64_t seed = 1, tried = 0;

	for (size_t i = 0; i < arch->nr_samples; i++) {
		for (size_t n = 0; n < 400000; n++) {
			const struct mmu_sample *sample = arch->samples[i];
			struct mmu_regime r = *sample->regimes[n % sample->nr_regimes];
			uint64_t word[4];
			struct mmu_entry entry;
			struct mmu_software software;

			for (size_t k = 0; k < 4; k++) {
				seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
				word[k] = seed >> 32 |
					  (seed * UINT64_C(0x9e3779b97f4a7c15) & ~0xffffffffull);
			}
			unsigned int level = word[0] % (r.top_level + 1u);
			const struct mmu_level *at = &r.format->level[level];
			uint64_t fits = UINT64_MAX >> (64 - 8 * r.format->entry_bytes);
			/* few bits: most words with many are reserved somewhere */
			uint64_t raw = (word[1] & word[2] & (n & 4 ? word[3] : ~word[3])) & fits;
			uint64_t second = at->second_offset ? (word[2] & word[3]) & fits : 0;

			r.traits = (uint32_t)(word[0] >> 8) & ~without_traits &
				   ((1u << arch->nr_traits) - 1);
			raw = n & 8 ? raw | 1 : n & 16 ? ~raw & fits & ~UINT64_C(1) : raw;
			if (at->second_offset) /* either word alone, or they need not agree */
				*(n & 32 ? &raw : &second) = 0;
			if (!every_bit_payload(&r, level, raw, second, &entry, &software))
				continue;
			tried++;
			every_bit_of_word(&r, level, raw, second, entry.kind, false);
			if (at->second_offset)
				every_bit_of_word(&r, level, raw, second, entry.kind, true);
		}
	}
	assert_true(tried > 10000);
}

#endif
