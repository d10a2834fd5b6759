/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The words for results, states, flags and rights: one place, for text and JSON. */
#include <stdio.h>
#include <string.h>

#include "mmuscope/mmuscope.h"

const char *mmu_page_state_name(enum mmu_page_state state)
{
	static const char *const names[] = { "present", "filtered", "truncated", "outside-ram",
					     "unreadable" };

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unreadable";
}

const char *mmu_result_name(enum mmu_result result)
{
	static const char *const names[MMU_RESULT_COUNT] = {
		"mapped",       "empty",    "swapped",   "protnone",    "numa",
		"migration",    "hwpoison", "device",    "marker",      "bad-entry",
		"noncanonical", "filtered", "truncated", "outside-ram", "unreadable",
	};

	return (size_t)result < MMU_RESULT_COUNT ? names[result] : "unreadable";
}

const char *mmu_rights_text(uint8_t rights, char ret[6])
{
	static const char letters[] = "rwxXu";

	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++)
		ret[bit] = rights >> bit & 1 ? letters[bit] : '-';
	ret[MMU_RIGHTS_COUNT] = '\0';
	return ret;
}

static bool flag_holds(const struct mmu_flag *flag, const struct mmu_regime *regime,
		       unsigned int level, enum mmu_kind kind)
{
	return flag->levels >> level & 1 && flag->kinds & MMU_KINDS(kind) &&
	       (regime->traits & flag->if_traits) == flag->if_traits &&
	       !(regime->traits & flag->no_traits);
}

/* @return false when there is nothing to show */
static bool flag_name(const struct mmu_flag *flag, uint64_t raw, char ret[32])
{
	if (raw & flag->absent)
		return false;
	if (flag->field) {
		uint64_t value = (raw & flag->mask) >> __builtin_ctzll(flag->mask);

		snprintf(ret, 32, "%s=%llu", flag->set, (unsigned long long)value);
		return value != 0;
	}
	const char *name = (raw & flag->mask) == flag->value ? flag->set : flag->clear;

	snprintf(ret, 32, "%s", name ? name : "");
	return name;
}

size_t mmu_flag_texts(const struct mmu_regime *regime, unsigned int level, enum mmu_kind kind,
		      bool second, uint64_t raw, struct mmu_flag_text *ret, size_t max)
{
	const struct mmu_format *format = regime->format;
	const struct mmu_flag *flags = second ? format->second_flags : format->flags;
	size_t nr_flags = second ? format->nr_second_flags : format->nr_flags, count = 0;

	for (size_t i = 0; i < nr_flags && count < max; i++) {
		if (!flags[i].mask || !flag_holds(&flags[i], regime, level, kind) ||
		    !flag_name(&flags[i], raw, ret[count].name))
			continue;
		ret[count++].flag = &flags[i];
	}
	return count;
}

const char *mmu_version(void)
{
	return MMU_VERSION;
}
