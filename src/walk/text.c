/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The words for results, states, flags and rights: one place, for text and JSON. */
#include <stdio.h>
#include <string.h>

#include "walk/walk.h"

const char *mmu_page_state_name(enum mmu_page_state state)
{
	static const char *const names[] = { "present", "filtered", "truncated", "outside-ram",
					     "unreadable" };

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unreadable";
}

const char *mmu_result_name(enum mmu_result result)
{
	static const char *const names[MMU_RESULTS] = {
		"mapped",    "empty",       "swapped",    "protnone",  "numa",         "migration",
		"hwpoison",  "device",      "marker",     "bad-entry", "noncanonical", "filtered",
		"truncated", "outside-ram", "unreadable", "table",     "hidden",
	};

	return (size_t)result < MMU_RESULTS ? names[result] : NULL;
}

const char *mmu_rights_text(uint8_t rights, char *ret)
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
	       !(regime->traits & flag->no_traits) &&
	       (!flag->halves || flag->halves >> regime->half & 1) &&
	       (!flag->top || (flag->top == MMU_FLAG_AT_TOP) == (level == regime->top_level));
}

/* Short texts, many of them: snprintf() would be most of the work of a list of addresses. */
static void copy_name(const char *name, char *ret, size_t bytes)
{
	size_t count = strlen(name);

	if (!bytes)
		return;
	if (count >= bytes)
		count = bytes - 1;
	memcpy(ret, name, count);
	ret[count] = '\0';
}

/* @return false when there is nothing to show */
static bool flag_name(const struct mmu_flag *flag, uint64_t raw, char *ret, size_t bytes)
{
	if (raw & flag->absent)
		return false;
	if (flag->field) {
		uint64_t value = (raw & flag->mask) >> __builtin_ctzll(flag->mask);

		if (value)
			snprintf(ret, bytes, "%s=%llu", flag->set, (unsigned long long)value);
		return value != 0;
	}
	const char *name = (raw & flag->mask) == flag->value ? flag->set : flag->clear;

	if (name)
		copy_name(name, ret, bytes);
	return name;
}

const struct mmu_flag *mmu_flag_next(const struct mmu_regime *regime, unsigned int level,
				     enum mmu_kind kind, bool second, uint64_t raw,
				     const struct mmu_flag *after, char *ret, size_t bytes)
{
	const struct mmu_format *format = regime->format;
	const struct mmu_flag *flag = second ? format->second_flags : format->flags;
	const struct mmu_flag *end = flag + (second ? format->nr_second_flags : format->nr_flags);

	for (flag = after ? after + 1 : flag; flag < end; flag++)
		if (flag->mask && flag_holds(flag, regime, level, kind) &&
		    flag_name(flag, raw, ret, bytes))
			return flag;
	return NULL;
}

const char *mmu_version(void)
{
	return MMU_VERSION;
}
