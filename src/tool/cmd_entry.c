/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope entry: decode a pasted raw entry, without any image. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "tool.h"

enum { KEY_FORMAT = 0x300, KEY_LEVEL, KEY_TRAIT, KEY_SECOND };

struct entry {
	const char *format_name, *level_name;
	const char *traits[32];
	size_t nr_traits;
	const char *values[256];
	size_t nr_values;
	uint64_t second;
	bool has_second;
};

static const struct argp_option options[] = {
	{ "format", KEY_FORMAT, "NAME", 0, "The format (default: the back-end's first)", 1 },
	{ "level", 'l', "LEVEL", 0, "The level, by name or number (default: 0, the leaves)", 1 },
	{ "trait", KEY_TRAIT, "[no-]NAME", 0,
	  "Set or clear what varies between kernels; 'arch' lists the names; repeatable", 1 },
	{ "second", KEY_SECOND, "VALUE", 0, "The entry's second copy, where the format has one",
	  1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct entry *entry = state->input;

	switch (key) {
	case KEY_FORMAT:
		entry->format_name = arg;
		return 0;
	case 'l':
		entry->level_name = arg;
		return 0;
	case KEY_TRAIT:
		if (entry->nr_traits == 32)
			argp_error(state, "too many traits");
		entry->traits[entry->nr_traits++] = arg;
		return 0;
	case KEY_SECOND:
		if (!tool_hex(arg, &entry->second))
			argp_error(state, "'%s' is no number", arg);
		entry->has_second = true;
		return 0;
	case ARGP_KEY_ARG:
		if (entry->nr_values == 256)
			argp_error(state, "at most 256 values");
		entry->values[entry->nr_values++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!entry->nr_values)
			argp_error(state, "no value given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int usage(const char *what, const char *name, const char *hint)
{
	fprintf(stderr, "mmuscope: no %s '%s'; %s\n", what, tool_safe(name), hint);
	return TOOL_USAGE;
}

/* NAME or no-NAME. @return 0: there is no such trait */
static uint32_t find_trait(const struct mmu_arch *arch, const char *text, bool *ret_clear)
{
	for (size_t i = 0; i < arch->nr_traits; i++) {
		*ret_clear = strcmp(arch->traits[i].name, text) != 0;
		if (!*ret_clear ||
		    (strncmp(text, "no-", 3) == 0 && strcmp(arch->traits[i].name, text + 3) == 0))
			return arch->traits[i].bit;
	}
	return 0;
}

static bool find_level(const struct mmu_regime *regime, const char *name, unsigned int *ret)
{
	uint64_t number;

	for (unsigned int level = 0; level <= regime->top_level; level++) {
		if (strcasecmp(regime->format->level[level].name, name) == 0) {
			*ret = level;
			return true;
		}
	}
	if (!tool_number(name, &number) || number > regime->top_level)
		return false;
	*ret = (unsigned int)number;
	return true;
}

/* A copy that was not given is unknown, not empty. @return "": it was, or there is none */
static const char *missing_second(const struct entry *entry, const struct mmu_regime *regime,
				  const struct mmu_step *step, char ret[64])
{
	const struct mmu_format *format = regime->format;

	ret[0] = '\0';
	if (format->level[mmu_step_get(step)->level].second_offset && !entry->has_second &&
	    mmu_step_entry(step)->kind != MMU_KIND_BAD)
		snprintf(ret, 64, "%s's copy was not given (--second)", format->second_name);
	return ret;
}

static void decoded_json(const struct mmu_arch *arch, const struct mmu_regime *regime,
			 const struct mmu_walk *walk, const char *note)
{
	const struct mmu_step *step = mmu_walk_step(walk, 0);
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	unsigned int level = mmu_step_get(step)->level;

	json_begin("entry");
	json_string("arch", arch->name);
	json_string("format", regime->format->name);
	show_assumed_json(arch, regime);
	json_number("level", level);
	json_string("name", regime->format->level[level].name);
	show_entry_json(regime, step);
	if (note[0])
		json_string("note", note);
	json_string("result", mmu_result_name(info->result));
	/* where the page begins is all that an entry alone can tell */
	if (info->has_pa) {
		json_hex("pa", info->pa);
		json_number("page_size", (int64_t)info->page_bytes);
	}
	if (info->note || note[0])
		json_string("result_note", info->note ? info->note : note);
	if (info->has_swap)
		show_swap_json(info->swap_type, info->swap_offset, info->assumed);
	json_end();
}

static void decode(const struct tool *tool, const struct mmu_arch *arch,
		   const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   const struct entry *entry, struct mmu_walk *walk, int *status)
{
	const struct mmu_format *format = regime->format;
	char target[128], rights[6], note[64];

	mmu_entry_decode(arch, regime, level, raw, entry->has_second ? &entry->second : NULL, walk);
	const struct mmu_step *step = mmu_walk_step(walk, 0);
	const struct mmu_entry *decoded = mmu_step_entry(step);
	enum mmu_result result = mmu_walk_get(walk)->result;
	missing_second(entry, regime, step, note);
	if (result != MMU_RESULT_MAPPED && result != MMU_RESULT_TABLE)
		*status = TOOL_ANSWERED;
	if (tool->json) {
		decoded_json(arch, regime, walk, note);
		return;
	}
	printf("%s%s %s %s%s 0x%0*" PRIx64 "\n", tool_colour(TOOL_BOLD), arch->name, format->name,
	       format->level[level].name, tool_colour(TOOL_PLAIN), 2 * format->entry_bytes, raw);
	if (decoded->kind == MMU_KIND_TABLE || decoded->kind == MMU_KIND_LEAF)
		printf("     %-36s rights %s\n", show_target(regime, step, target),
		       mmu_rights_text(decoded->rights, rights));
	else
		printf("     %s\n", show_target(regime, step, target));
	show_entry_text(regime, step, "     ");
	if (note[0])
		printf("     note: %s\n", note);
	if (decoded->kind == MMU_KIND_SOFTWARE || (decoded->kind == MMU_KIND_EMPTY && !note[0]))
		show_result_text(regime, walk, NULL);
}

static int refuse(const char *value, const struct mmu_format *format)
{
	fflush(stdout);
	fprintf(stderr, "mmuscope: '%s' is no value of %u bytes\n", tool_safe(value),
		format->entry_bytes);
	return TOOL_USAGE;
}

/* All values are looked at before the first is shown. */
static int decode_all(const struct tool *tool, const struct mmu_arch *arch,
		      const struct mmu_regime *regime, const struct entry *entry)
{
	const struct mmu_format *format = regime->format;
	unsigned int level = 0;
	int status = TOOL_OK;
	uint64_t raws[256];

	if (entry->level_name && !find_level(regime, entry->level_name, &level))
		return usage("level", entry->level_name, "'mmuscope arch NAME' lists them");
	if (entry->has_second && !format->level[level].second_offset)
		return usage("second copy at level", format->level[level].name,
			     "--second means nothing there");
	for (size_t i = 0; i < entry->nr_values; i++)
		if (!tool_hex(entry->values[i], &raws[i]) ||
		    (format->entry_bytes < 8 && raws[i] >> (8 * format->entry_bytes)))
			return refuse(entry->values[i], format);
	if (!tool->json)
		show_assumed_text(arch, regime);
	struct mmu_walk *walk = tool_walk_create();
	for (size_t i = 0; i < entry->nr_values; i++)
		decode(tool, arch, regime, level, raws[i], entry, walk, &status);
	mmu_walk_destroy(walk);
	return status;
}

/* In the order of the options: the last word on a trait counts. @return the one that is none */
static const char *find_traits(const struct mmu_arch *arch, const struct entry *entry,
			       uint32_t *ret_set, uint32_t *ret_clear)
{
	*ret_set = *ret_clear = 0;
	for (size_t i = 0; i < entry->nr_traits; i++) {
		bool clear;
		uint32_t bit = find_trait(arch, entry->traits[i], &clear);

		if (!bit)
			return entry->traits[i];
		*ret_set = clear ? *ret_set & ~bit : *ret_set | bit;
		*ret_clear = clear ? *ret_clear | bit : *ret_clear & ~bit;
	}
	return NULL;
}

int tool_entry(struct tool *tool, int argc, char **argv)
{
	struct entry entry = { 0 };
	const struct mmu_arch *arch;
	struct mmu_regime *regime;
	uint32_t set, clear;

	tool_parse(tool, argc, argv, options, parse, "VALUE...",
		   "Decode raw page-table entries, as an oops or another tool prints them.", &entry,
		   NULL);
	int status = tool_refuse_image_options(tool);
	if (status)
		return status;
	struct mmu_error *error = mmu_arch_load(tool->options.arch ? tool->options.arch : "x86_64",
						tool->options.plugin_dir, &arch);
	if (error)
		return tool_fail(tool, error);
	const struct mmu_sample *sample = entry.format_name
						  ? mmu_arch_sample(arch, entry.format_name)
						  : arch->samples[0];
	if (!sample)
		return usage("format", entry.format_name, "'mmuscope arch NAME' lists them");
	const char *unknown = find_traits(arch, &entry, &set, &clear);
	if (unknown)
		return usage("trait", unknown, "'mmuscope arch NAME' lists them");
	error = mmu_regime_create(sample->regimes[0], set, clear, &regime);
	if (error)
		return tool_fail(tool, error);
	status = decode_all(tool, arch, regime, &entry);
	mmu_regime_destroy(regime);
	return status;
}
