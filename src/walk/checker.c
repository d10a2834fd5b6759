/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the checks of a back-end share: reports and random numbers. */
#include <stdarg.h>
#include <stdio.h>

#include "walk/checker.h"

#define REPORTS_PER_RULE 3u

/* How often has this rule been broken so far, this time not counted? */
static unsigned int broken_before(struct checker *c, const char *rule)
{
	for (size_t i = 0; i < CHECK_RULES_MAX; i++) {
		if (!c->broken[i].text)
			c->broken[i].text = rule;
		if (c->broken[i].text == rule)
			return c->broken[i].count++;
	}
	return REPORTS_PER_RULE;
}

static void print_place(const struct checker *c, char *line, size_t bytes)
{
	const struct trial *p = &c->trial;

	if (!p->regime.format) {
		snprintf(line, bytes, "%s", c->at);
		return;
	}
	snprintf(line, bytes,
		 "%s (%s) %s, traits 0x%x, pa_mask 0x%llx, raw 0x%llx, second 0x%llx, "
		 "kind %d rights 0x%x run %u pa 0x%llx",
		 p->regime.format->name, p->regime.name, p->regime.format->level[p->level].name,
		 p->regime.traits, (unsigned long long)p->regime.pa_mask,
		 (unsigned long long)p->raw, (unsigned long long)p->second, (int)c->entry.kind,
		 c->entry.rights, c->entry.run_lg2, (unsigned long long)c->entry.pa);
}

bool holds(struct checker *c, bool kept, const char *rule)
{
	char place[256], line[384];

	c->checks++;
	if (kept)
		return true;
	c->problems++;
	if (broken_before(c, rule) < REPORTS_PER_RULE && c->report) {
		print_place(c, place, sizeof(place));
		snprintf(line, sizeof(line), "%s: %s", place, rule);
		c->report(c->context, line);
	}
	return false;
}

void look_at(struct checker *c, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(c->at, sizeof(c->at), format, arguments);
	va_end(arguments);
	c->trial.regime.format = NULL;
}

void look_at_trial(struct checker *c, const struct trial *trial, const struct mmu_entry *entry)
{
	c->trial = *trial;
	c->entry = *entry;
}

/* xorshift64*: the same numbers on every machine. */
uint64_t random_u64(struct checker *c)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return c->random * UINT64_C(2685821657736338717);
}

uint32_t all_traits(const struct mmu_arch *arch)
{
	uint32_t all = 0;

	for (size_t i = 0; i < arch->nr_traits; i++)
		all |= arch->traits[i].bit;
	return all;
}
