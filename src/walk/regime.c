/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Regimes: which one answers for an address, and how a back-end is asked for them. */
#include <stdio.h>
#include <string.h>

#include "walk/walk.h"

bool mmu_format_usable(const struct mmu_format *format)
{
	return format->kind == MMU_FORMAT_RADIX || format->kind == MMU_FORMAT_HASHED;
}

static uint64_t plain_va(const struct mmu_regime *regime, uint64_t va)
{
	return (va & ~regime->ignored_va) | (regime->first_va & regime->ignored_va);
}

bool mmu_regime_holds(const struct mmu_regime *regime, uint64_t va)
{
	va = plain_va(regime, va);
	return va >= regime->first_va && va <= regime->last_va;
}

const struct mmu_regime *mmu_regimes_find(const struct mmu_regimes *regimes, uint64_t va)
{
	const struct mmu_regime *hardware = NULL;

	for (size_t i = 0; i < regimes->nr; i++) {
		const struct mmu_regime *regime = &regimes->regime[i];

		if (!mmu_regime_holds(regime, va))
			continue;
		if (regime->view != MMU_VIEW_HARDWARE)
			return regime;
		hardware = hardware ? hardware : regime;
	}
	return hardware;
}

uint64_t mmu_regimes_plain(const struct mmu_regimes *regimes, uint64_t va)
{
	const struct mmu_regime *regime = mmu_regimes_find(regimes, va);

	return regime ? plain_va(regime, va) : va;
}

/*
 * Where a regime answers, from *va on: everywhere, if it is Linux's; the hardware's only between
 * those of Linux. @return false: nowhere
 */
static bool piece_of(const struct mmu_regimes *regimes, const struct mmu_regime *regime,
		     uint64_t *va, uint64_t *ret_last_va)
{
	*ret_last_va = regime->last_va;
	if (*va < regime->first_va)
		*va = regime->first_va;
	for (size_t i = 0; regime->view == MMU_VIEW_HARDWARE && i < regimes->nr; i++) {
		const struct mmu_regime *other = &regimes->regime[i];

		if (other->view == MMU_VIEW_HARDWARE || other->last_va < *va)
			continue;
		if (other->first_va > *va) { /* they ascend: this is the next one */
			if (other->first_va <= *ret_last_va)
				*ret_last_va = other->first_va - 1;
			break;
		}
		if (other->last_va >= *ret_last_va)
			return false;
		*va = other->last_va + 1;
	}
	return *va <= *ret_last_va;
}

const struct mmu_regime *mmu_regimes_next(const struct mmu_regimes *regimes, uint64_t *va,
					  uint64_t *ret_last_va)
{
	const struct mmu_regime *ret = NULL;
	uint64_t from = *va;

	for (size_t i = 0; i < regimes->nr; i++) {
		uint64_t first_va = from, last_va;

		if (!piece_of(regimes, &regimes->regime[i], &first_va, &last_va) ||
		    (ret && first_va >= *va))
			continue;
		ret = &regimes->regime[i];
		*va = first_va;
		*ret_last_va = last_va;
	}
	return ret;
}

uint64_t mmu_table_bytes(const struct mmu_regime *regime, unsigned int level)
{
	const struct mmu_format *format = regime->format;
	int32_t second = format->level[level].second_offset;
	bool outside = second < 0 || second >= format->slot_bytes;

	return mmu_table_span(regime, level) * (outside ? 2 : 1);
}

unsigned int mmu_regime_va_bits(const struct mmu_regime *regime)
{
	const struct mmu_shape *top = &regime->shape[regime->top_level];

	return regime->format->kind == MMU_FORMAT_HASHED ? regime->format->slot_va_bits
							 : top->shift + top->index_bits + 0u;
}

/* ------------------------------------------------------------------ asking a back-end */

/* What is wrong with a regime, so that it can't be walked; or NULL. */
static const char *fault_of(const struct mmu_arch *arch, const struct mmu_regime *regime)
{
	const struct mmu_format *format = regime->format;
	size_t i = 0;

	while (i < arch->nr_formats && arch->formats[i] != format)
		i++;
	if (i == arch->nr_formats)
		return "names a format that is none of its own";
	if (!mmu_format_usable(format))
		return "says that the tables are of a kind that this version can't walk";
	if (regime->top_level >= format->nr_levels || regime->page_lg2 >= 64)
		return "tells a regime that does not fit its format";
	for (unsigned int level = 0; level <= regime->top_level; level++)
		if (regime->shape[level].shift >= 64 || regime->shape[level].index_bits > 24)
			return "tells a level of an impossible shape";
	return NULL;
}

const char *mmu_locate(const struct mmu_arch *arch, const struct mmu_facts *facts,
		       const struct mmu_root *root, struct mmu_regimes *ret)
{
	static _Thread_local char text[256];
	struct mmu_regimes found = { .nr = 0 }, theirs;
	const char *missing = arch->locate(facts, root, theirs.regime, &found.nr);

	if (missing)
		return missing;
	/* an older plugin's regimes are smaller, and so is the step from one to the next */
	uint32_t size = found.nr ? theirs.regime[0].size : 0;
	if (size < sizeof(uint32_t) || size > sizeof(theirs.regime[0]) ||
	    found.nr > MMU_REGIMES_MAX)
		return "the back-end tells no regimes, or such as a newer version knows";
	for (size_t i = 0; i < found.nr; i++) {
		memcpy(&found.regime[i], (const char *)theirs.regime + i * size, size);
		const char *fault = fault_of(arch, &found.regime[i]);
		if (fault) {
			snprintf(text, sizeof(text), "back-end %s %s (%s)", arch->name, fault,
				 found.regime[i].name ? found.regime[i].name : "?");
			return text;
		}
	}
	*ret = found;
	return NULL;
}

/* Which of the top table's entries a regime uses. */
static void indices_of(const struct mmu_regime *regime, uint64_t *ret_first, uint64_t *ret_last)
{
	const struct mmu_shape *top = &regime->shape[regime->top_level];
	uint64_t mask = ((uint64_t)1 << top->index_bits) - 1;

	*ret_first = regime->first_va >> top->shift & mask;
	*ret_last = regime->last_va >> top->shift & mask;
}

/* Can both have their entries in one table? */
static bool shares_root(const struct mmu_regime *one, const struct mmu_regime *other)
{
	uint64_t first, last, other_first, other_last;

	if (one->format->kind == MMU_FORMAT_HASHED)
		return true;
	if (one->top_level != other->top_level)
		return false;
	indices_of(one, &first, &last);
	indices_of(other, &other_first, &other_last);
	return last < other_first || other_last < first;
}

void mmu_sample_regimes(const struct mmu_sample *sample, const struct mmu_format *format,
			uint64_t root_pa, struct mmu_regimes *ret)
{
	ret->nr = 0;
	for (size_t i = 0; i < sample->nr_regimes && ret->nr < MMU_REGIMES_MAX; i++) {
		bool fits = sample->regimes[i]->format == format;

		for (size_t j = 0; j < ret->nr; j++)
			fits &= shares_root(&ret->regime[j], sample->regimes[i]);
		if (!fits)
			continue;
		ret->regime[ret->nr] = *sample->regimes[i];
		ret->regime[ret->nr++].root_pa = root_pa;
	}
}

const struct mmu_sample *mmu_arch_sample(const struct mmu_arch *arch, const char *name)
{
	for (size_t i = 0; i < arch->nr_samples; i++)
		if (strcmp(arch->samples[i]->name, name) == 0)
			return arch->samples[i];
	for (size_t i = 0; i < arch->nr_samples; i++)
		if (strcmp(arch->samples[i]->regimes[0]->format->name, name) == 0)
			return arch->samples[i];
	for (size_t i = 0; i < arch->nr_samples; i++)
		for (size_t j = 0; j < arch->samples[i]->nr_regimes; j++)
			if (strcmp(arch->samples[i]->regimes[j]->format->name, name) == 0)
				return arch->samples[i];
	return NULL;
}

const struct mmu_format *mmu_arch_format(const struct mmu_arch *arch, const char *name)
{
	for (size_t i = 0; i < arch->nr_formats; i++)
		if (strcmp(arch->formats[i]->name, name) == 0)
			return arch->formats[i];
	return NULL;
}
