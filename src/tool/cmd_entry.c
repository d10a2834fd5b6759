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
		if (!tool_number(arg, &entry->second))
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

static bool set_trait(const struct mmu_arch *arch, struct mmu_regime *regime, const char *text)
{
	bool clear = strncmp(text, "no-", 3) == 0;

	for (size_t i = 0; i < arch->nr_traits; i++) {
		if (strcmp(arch->traits[i].name, text) == 0) {
			regime->traits |= arch->traits[i].bit;
			return true;
		}
		if (clear && strcmp(arch->traits[i].name, text + 3) == 0) {
			regime->traits &= ~arch->traits[i].bit;
			return true;
		}
	}
	return false;
}

static bool find_level(const struct mmu_format *format, const char *name, unsigned int *ret)
{
	uint64_t number;

	for (unsigned int level = 0; level < format->nr_levels; level++) {
		if (strcasecmp(format->level[level].name, name) == 0) {
			*ret = level;
			return true;
		}
	}
	if (!tool_number(name, &number) || number >= format->nr_levels)
		return false;
	*ret = (unsigned int)number;
	return true;
}

static void decoded_json(const struct mmu_arch *arch, const struct mmu_regime *regime,
			 const struct mmu_walk *walk)
{
	const struct mmu_step *step = &walk->steps[0];
	/* where the page begins is all that an entry alone can tell */
	bool leaf = step->entry.kind != MMU_KIND_TABLE;

	json_begin("entry");
	json_string("arch", arch->name);
	json_string("format", regime->format->name);
	show_assumed_json(arch, regime);
	json_number("level", step->level);
	json_string("name", regime->format->level[step->level].name);
	show_entry_json(regime, step);
	json_string("result", leaf ? mmu_result_name(walk->result) : "table");
	if (leaf && walk->has_pa) {
		json_hex("pa", walk->pa);
		json_number("page_size", (int64_t)walk->page_bytes);
	}
	if (walk->note)
		json_string("result_note", walk->note);
	if (walk->has_swap) {
		json_object("swap");
		json_number("type", walk->swap_type);
		json_number("offset", (int64_t)walk->swap_offset);
		json_object_end();
	}
	json_end();
}

/* A copy that was not given is unknown, not empty: drop what was concluded from an empty one. */
static void forget_second(const struct mmu_format *format, struct mmu_walk *walk, char note[64])
{
	struct mmu_entry *entry = &walk->steps[0].entry;

	snprintf(note, 64, "%s's copy was not given (--second)", format->second_name);
	walk->steps[0].has_second = false;
	if (entry->kind != MMU_KIND_BAD)
		entry->note = walk->note = note;
}

static void decode(const struct tool *tool, const struct mmu_arch *arch,
		   const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   const struct entry *entry, int *status)
{
	const struct mmu_format *format = regime->format;
	struct mmu_walk walk;
	struct mmu_step *step = &walk.steps[0];
	char target[128], rights[6], note[64];

	mmu_entry_decode(arch, regime, level, raw, entry->second, &walk);
	bool half = step->has_second && !entry->has_second;
	if (half)
		forget_second(format, &walk, note);
	if (walk.result != MMU_RESULT_MAPPED)
		*status = TOOL_ANSWERED;
	if (tool->json) {
		decoded_json(arch, regime, &walk);
		return;
	}
	printf("%s%s %s %s%s 0x%0*" PRIx64 "\n", tool_colour(TOOL_BOLD), arch->name, format->name,
	       format->level[level].name, tool_colour(TOOL_PLAIN), 2 * format->entry_bytes, raw);
	if (step->entry.kind == MMU_KIND_TABLE || step->entry.kind == MMU_KIND_LEAF)
		printf("     %-36s rights %s\n", show_target(regime, step, target),
		       mmu_rights_text(step->entry.rights, rights));
	else
		printf("     %s\n", show_target(regime, step, target));
	show_entry_text(regime, step, "     ");
	if (step->entry.kind == MMU_KIND_SOFTWARE || (step->entry.kind == MMU_KIND_EMPTY && !half))
		show_result_text(regime, &walk);
}

int tool_entry(struct tool *tool, int argc, char **argv)
{
	struct entry entry = { 0 };
	const struct mmu_arch *arch;
	unsigned int level = 0;
	uint64_t raws[256];

	tool_parse(tool, argc, argv, options, parse, "VALUE...",
		   "Decode raw page-table entries, as an oops or another tool prints them.", &entry,
		   NULL);
	int status = tool_refuse_image_options(tool);
	if (status)
		return status;
	struct mmu_error *error = mmu_arch_load(tool->options.arch ? tool->options.arch : "x86_64",
						tool->options.plugin_dir, &arch);
	if (error)
		return tool_fail(error);
	const struct mmu_format *format = entry.format_name
						  ? mmu_arch_format(arch, entry.format_name)
						  : &arch->formats[0];
	if (!format)
		return usage("format", entry.format_name, "'mmuscope arch NAME' lists them");
	struct mmu_regime regime = mmu_arch_regime(arch, format);
	for (size_t i = 0; i < entry.nr_traits; i++)
		if (!set_trait(arch, &regime, entry.traits[i]))
			return usage("trait", entry.traits[i], "'mmuscope arch NAME' lists them");
	if (entry.level_name && !find_level(format, entry.level_name, &level))
		return usage("level", entry.level_name, "'mmuscope arch NAME' lists them");
	if (entry.has_second && !format->level[level].second_offset)
		return usage("second copy at level", format->level[level].name,
			     "--second means nothing there");
	for (size_t i = 0; i < entry.nr_values; i++) {
		if (!tool_number(entry.values[i], &raws[i]) ||
		    (format->entry_bytes < 8 && raws[i] >> (8 * format->entry_bytes))) {
			fflush(stdout);
			fprintf(stderr, "mmuscope: '%s' is no value of %u bytes\n",
				tool_safe(entry.values[i]), format->entry_bytes);
			return TOOL_USAGE;
		}
	}
	if (!tool->json)
		show_assumed_text(arch, &regime);
	for (size_t i = 0; i < entry.nr_values; i++)
		decode(tool, arch, &regime, level, raws[i], &entry, &status);
	return status;
}
