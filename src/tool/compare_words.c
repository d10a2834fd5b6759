/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What matters about two walks, in sentences. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "sides.h"

struct words {
	const struct compare *compare;
	const struct mmu_walk *walk[2];
	const struct mmu_walk_info *info[2];
	struct mmu_walk *scratch; /* for entries that are only tried */
	const struct mmu_regime *regime[2];
	const struct mmu_arch *arch[2];
	struct compare_word *ret;
	size_t nr;
};

static void say(struct words *words, bool same, const char *what, const char *format, ...)
	__attribute__((__format__(__printf__, 4, 5)));

static void say(struct words *words, bool same, const char *what, const char *format, ...)
{
	struct compare_word *word = &words->ret[words->nr];
	va_list args;

	if (words->nr == COMPARE_WORDS_MAX)
		return;
	words->nr++;
	word->same = same;
	word->what = what;
	va_start(args, format);
	vsnprintf(word->text, sizeof(word->text), format, args);
	va_end(args);
}

static const struct mmu_step *last_step(const struct words *words, unsigned int side)
{
	uint32_t nr_steps = words->info[side]->nr_steps;

	return nr_steps ? mmu_walk_step(words->walk[side], nr_steps - 1) : NULL;
}

static const char *level_name(const struct words *words, unsigned int side, unsigned int level)
{
	return words->regime[side]->format->level[level].name;
}

/* Where a walk ends. */
static const char *end_name(const struct words *words, unsigned int side)
{
	const struct mmu_step *last = last_step(words, side);

	return last ? level_name(words, side, mmu_step_get(last)->level) : "no table";
}

/* ------------------------------------------------------------------ formats, costs */

const char *compare_formats(const struct compare *compare, char ret[320])
{
	const struct mmu_regime *regime[2];
	const struct mmu_format *format[2];
	const struct mmu_arch *arch[2];

	for (unsigned int i = 0; i < 2; i++) {
		regime[i] = tool_linux_regime(compare->side[i].space);
		format[i] = regime[i]->format;
		arch[i] = mmu_space_arch(compare->side[i].space);
	}
	ret[0] = '\0';
	if (arch[0] != arch[1] || format[0] != format[1])
		snprintf(ret, 320,
			 "%s %s against %s %s: %u levels against %u, entries of %u bytes against "
			 "%u, virtual addresses of %u bits against %u, physical ones of %u against "
			 "%u",
			 arch[0]->name, format[0]->name, arch[1]->name, format[1]->name,
			 regime[0]->top_level + 1u, regime[1]->top_level + 1u,
			 format[0]->entry_bytes, format[1]->entry_bytes,
			 mmu_regime_va_bits(regime[0]), mmu_regime_va_bits(regime[1]),
			 tool_pa_bits(arch[0], format[0]), tool_pa_bits(arch[1], format[1]));
	return ret;
}

uint64_t compare_path_bytes(const struct compare_side *side)
{
	const struct mmu_regime *regime = tool_regime(side->space, side->walk);
	const struct mmu_step *step;
	uint64_t bytes = 0;

	for (size_t i = 0; (step = mmu_walk_step(side->walk, i)); i++)
		bytes += mmu_regime_table_bytes(regime, mmu_step_get(step)->level);
	return bytes;
}

static void say_costs(struct words *words)
{
	unsigned int steps[2] = { words->info[0]->nr_steps, words->info[1]->nr_steps };
	uint64_t bytes[2] = { compare_path_bytes(&words->compare->side[0]),
			      compare_path_bytes(&words->compare->side[1]) };

	if (steps[0] != steps[1]) {
		say(words, false, "entries",
		    "%u entries read per translation against %u: the first walk ends at %s, the "
		    "second at %s",
		    steps[0], steps[1], end_name(words, 0), end_name(words, 1));
	}
	if (bytes[0] != bytes[1])
		say(words, false, "table_memory", "%s of tables on the path against %s",
		    tool_size(bytes[0]), tool_size(bytes[1]));
}

/* ------------------------------------------------------------------ results */

static void say_result(struct words *words)
{
	const struct mmu_walk_info *a = words->info[0], *b = words->info[1];

	if (a->result != b->result)
		say(words, false, "result", "the first is %s, the second is %s",
		    mmu_result_name(a->result), mmu_result_name(b->result));
	else if (a->result != MMU_RESULT_MAPPED)
		say(words, true, "result", "both are %s", mmu_result_name(a->result));
	if (a->has_swap && b->has_swap &&
	    (a->swap_type != b->swap_type || a->swap_offset != b->swap_offset))
		say(words, false, "swap",
		    "another place in swap: type %u, offset 0x%" PRIx64 " against type %u, offset "
		    "0x%" PRIx64,
		    a->swap_type, a->swap_offset, b->swap_type, b->swap_offset);
	else if (a->has_swap && b->has_swap && words->compare->one_image)
		say(words, true, "swap", "the same place in swap: type %u, offset 0x%" PRIx64,
		    a->swap_type, a->swap_offset);
	if (!a->has_pa || !b->has_pa)
		return;
	if (a->page_bytes != b->page_bytes)
		say(words, false, "page_size", "a page of %s against one of %s",
		    tool_size(a->page_bytes), tool_size(b->page_bytes));
	if (a->page_state != b->page_state)
		say(words, false, "page_state",
		    "the first page's bytes are %s in its image, the second's are %s",
		    mmu_page_state_name(a->page_state), mmu_page_state_name(b->page_state));
}

static void say_frame(struct words *words)
{
	const struct mmu_walk_info *a = words->info[0], *b = words->info[1];
	uint64_t frame[2] = { a->pa >> words->regime[0]->page_lg2,
			      b->pa >> words->regime[1]->page_lg2 };
	bool same;

	if (!a->has_pa || !b->has_pa || words->arch[0] != words->arch[1])
		return;
	same = frame[0] == frame[1];
	frame[0] <<= words->regime[0]->page_lg2;
	frame[1] <<= words->regime[1]->page_lg2;
	if (!words->compare->one_image)
		say(words, same, "frame",
		    same ? "the frame is 0x%" PRIx64 " in both images, each of which has memory of "
			   "its own there"
			 : "the frame is 0x%" PRIx64 " in one image and 0x%" PRIx64 " in the other",
		    frame[0], frame[1]);
	else if (same)
		say(words, true, "frame", "the same frame: both map 0x%" PRIx64, frame[0]);
	else
		say(words, false, "frame", "another frame: 0x%" PRIx64 " against 0x%" PRIx64,
		    frame[0], frame[1]);
}

/* The level from which both use one table: threads share it, or it is the kernel's. */
static void say_tables(struct words *words)
{
	const struct mmu_walk_info *a = words->info[0], *b = words->info[1];

	if (!words->compare->one_image || words->regime[0]->format != words->regime[1]->format)
		return;
	for (unsigned int i = 0; i < a->nr_steps && i < b->nr_steps; i++) {
		const struct mmu_step_info *step = mmu_step_get(mmu_walk_step(words->walk[0], i));
		uint64_t other_pa = mmu_step_get(mmu_walk_step(words->walk[1], i))->table_pa;

		if (step->table_pa != other_pa)
			continue;
		const char *name = level_name(words, 0, step->level);

		if (i == 0)
			say(words, true, "tables", "the same top table: %s at 0x%" PRIx64, name,
			    step->table_pa);
		else
			say(words, true, "tables",
			    "they share tables from %s at 0x%" PRIx64 " on, by way of another top "
			    "table",
			    name, step->table_pa);
		return;
	}
}

/* ------------------------------------------------------------------ rights */

#define FLAGS_MAX 64

/* The names of an entry's flags. */
struct flags {
	size_t nr;
	char name[FLAGS_MAX][32];
};

static void take_flags(const struct words *words, unsigned int side, const struct mmu_step *step,
		       bool second, uint64_t raw, struct flags *ret)
{
	unsigned int level = mmu_step_get(step)->level;
	enum mmu_kind kind = mmu_step_entry(step)->kind;
	const struct mmu_flag *flag = NULL;

	ret->nr = 0;
	while (ret->nr < FLAGS_MAX &&
	       (flag = mmu_flag_next(words->regime[side], level, kind, second, raw, flag,
				     ret->name[ret->nr], sizeof(ret->name[0]))))
		ret->nr++;
}

/* Names in `a` that `b` lacks, each with `before` in front of it. */
static size_t only_in(const struct flags *a, const struct flags *b, const char *before, char *ret,
		      size_t max)
{
	size_t out = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < a->nr; i++) {
		size_t j = 0;

		while (j < b->nr && strcmp(a->name[i], b->name[j]) != 0)
			j++;
		if (j < b->nr || out + strlen(before) + strlen(a->name[i]) + 1 > max)
			continue;
		out += (size_t)snprintf(ret + out, max - out, "%s%s", before, a->name[i]);
	}
	return out;
}

/* An entry with some bits flipped: 0 to 63 of the word, 64 to 127 of its second copy. */
struct turned {
	uint64_t raw, second;
};

static struct turned turn(struct turned from, unsigned int bit)
{
	*(bit < 64 ? &from.raw : &from.second) ^= (uint64_t)1 << (bit & 63);
	return from;
}

static bool grants(const struct words *words, unsigned int side, const struct mmu_step *step,
		   struct turned turned, uint8_t right)
{
	const struct mmu_entry *entry = mmu_step_entry(step), *now;

	mmu_entry_decode(words->arch[side], words->regime[side], mmu_step_get(step)->level,
			 turned.raw, &turned.second, words->scratch);
	now = mmu_step_entry(mmu_walk_step(words->scratch, 0));
	return now->kind == entry->kind && now->pa == entry->pa && now->rights & right;
}

/*
 * " NX", " no RW": the flags that an entry has and its flipped form lacks. If there are none, or
 * `both` is set, also those that it lacks and its flipped form has.
 */
static void name_turned(const struct words *words, unsigned int side, const struct mmu_step *step,
			struct turned turned, bool both, char *ret, size_t max)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	struct flags was, is;
	size_t out = 0;

	for (unsigned int second = 0; second <= at->has_second; second++) {
		take_flags(words, side, step, second, second ? at->second : at->raw, &was);
		take_flags(words, side, step, second, second ? turned.second : turned.raw, &is);
		out += only_in(&was, &is, " ", ret + out, max - out);
		if (!out || both)
			out += only_in(&is, &was, " no ", ret + out, max - out);
	}
}

/*
 * The flags of an entry that deny a right. Flip its bits, one and then two at a time, and ask the
 * back-end, so that this works for all of them. "" if no two bits decide.
 */
static void denying_flags(const struct words *words, unsigned int side, const struct mmu_step *step,
			  uint8_t right, char *ret, size_t max)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	unsigned int width = 8u * words->regime[side]->format->entry_bytes;
	unsigned int bits = at->has_second ? 64 + width : width;
	const struct turned as_is = { at->raw, at->second };

	ret[0] = '\0';
	for (unsigned int two = 0; two < 2; two++) {
		for (unsigned int i = 0; i < bits; i++) {
			struct turned once = turn(as_is, i);

			for (unsigned int j = two ? i + 1 : i; j < (two ? bits : i + 1); j++) {
				struct turned turned = two ? turn(once, j) : once;

				if (!grants(words, side, step, turned, right))
					continue;
				name_turned(words, side, step, turned, two, ret, max);
				if (ret[0])
					return;
			}
		}
	}
}

/* " NX at PTE" */
static const char *denial(const struct words *words, unsigned int side, unsigned int bit,
			  char ret[80])
{
	const struct mmu_walk *walk = words->walk[side];
	unsigned int level = mmu_walk_denied_by(walk, (enum mmu_right)(1u << bit));
	const struct mmu_step *step;
	char flags[60];

	ret[0] = '\0';
	for (size_t i = 0; (step = mmu_walk_step(walk, i)); i++) {
		if (mmu_step_get(step)->level != level)
			continue;
		denying_flags(words, side, step, (uint8_t)(1u << bit), flags, sizeof(flags));
		snprintf(ret, 80, "%s at %s", flags, level_name(words, side, level));
	}
	return ret;
}

static void say_rights(struct words *words)
{
	static const char *const can[MMU_RIGHTS_COUNT] = { "be read", "be written",
							   "be executed by user mode",
							   "be executed by the kernel",
							   "be accessed by user mode" };
	char by[2][80];

	if (words->info[0]->result != MMU_RESULT_MAPPED ||
	    words->info[1]->result != MMU_RESULT_MAPPED)
		return;
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++) {
		bool first = words->info[0]->rights >> bit & 1;
		bool second = words->info[1]->rights >> bit & 1;

		if (first && second)
			continue;
		for (unsigned int i = 0; i < 2; i++)
			denial(words, i, bit, by[i]);
		if (!first && !second)
			say(words, true, "rights", "neither can %s:%s /%s", can[bit], by[0], by[1]);
		else
			say(words, false, "rights", "the %s page can %s, the %s can not:%s",
			    compare_side_name(second), can[bit], compare_side_name(first),
			    by[first]);
	}
}

/* ------------------------------------------------------------------ flags */

/* What else the last entries say of their pages: dirty, cached, ... */
static void say_flags(struct words *words, bool second)
{
	const struct mmu_step *last[2] = { last_step(words, 0), last_step(words, 1) };
	const struct mmu_step_info *at[2];
	struct flags flags[2];
	char only[2][120];

	if (words->regime[0]->format != words->regime[1]->format || !last[0] || !last[1])
		return;
	for (unsigned int i = 0; i < 2; i++)
		at[i] = mmu_step_get(last[i]);
	if (at[0]->level != at[1]->level || !at[0]->readable || !at[1]->readable ||
	    mmu_step_entry(last[0])->kind != mmu_step_entry(last[1])->kind ||
	    (second && !at[0]->has_second))
		return;
	for (unsigned int i = 0; i < 2; i++)
		take_flags(words, i, last[i], second, second ? at[i]->second : at[i]->raw,
			   &flags[i]);
	only_in(&flags[0], &flags[1], " ", only[0], sizeof(only[0]));
	only_in(&flags[1], &flags[0], " ", only[1], sizeof(only[1]));
	if (!only[0][0] && !only[1][0])
		return;
	say(words, false, "flags", "%s%sflags at %s: only the first has%s, only the second%s",
	    second ? words->regime[0]->format->second_name : "", second ? "'s " : "",
	    level_name(words, 0, at[0]->level), only[0][0] ? only[0] : " none",
	    only[1][0] ? only[1] : " none");
}

size_t compare_words(const struct compare *compare, struct compare_word ret[COMPARE_WORDS_MAX])
{
	struct words words = { .compare = compare, .ret = ret, .scratch = tool_walk_create() };
	char text[320];

	for (unsigned int i = 0; i < 2; i++) {
		words.walk[i] = compare->side[i].walk;
		words.info[i] = mmu_walk_get(words.walk[i]);
		words.regime[i] = tool_regime(compare->side[i].space, words.walk[i]);
		words.arch[i] = mmu_space_arch(compare->side[i].space);
	}
	compare_formats(compare, text);
	if (text[0])
		say(&words, false, "format", "%s", text);
	say_costs(&words);
	say_tables(&words);
	say_result(&words);
	say_frame(&words);
	say_rights(&words);
	say_flags(&words, false);
	say_flags(&words, true);
	mmu_walk_destroy(words.scratch);
	return words.nr;
}
