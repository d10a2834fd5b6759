/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope entry: decode a pasted raw entry, without any image. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "tool.h"

enum { KEY_FORMAT = 0x300, KEY_LEVEL, KEY_TRAIT, KEY_SECOND, KEY_LINUX, KEY_HARDWARE };

/* Whose word a value is, where Linux keeps one beside the hardware's. */
enum copy {
	COPY_OPEN, /* by its form */
	COPY_HARDWARE,
	COPY_LINUX,
};

struct entry {
	const char *format_name, *level_name;
	const char *traits[32];
	size_t nr_traits;
	const char *values[256];
	size_t nr_values;
	uint64_t second;
	bool has_second;
	enum copy copy;
	/* what the options come to */
	const struct mmu_arch *arch;
	const struct mmu_regime *regime;
	unsigned int level;
	const char *folded; /* the level that was asked for, which this format has in `level` */
};

static const struct argp_option options[] = {
	{ "format", KEY_FORMAT, "NAME", 0, "The format (default: the back-end's first)", 1 },
	{ "level", 'l', "LEVEL", 0, "The level, by name or number (default: 0, the leaves)", 1 },
	{ "trait", KEY_TRAIT, "[no-]NAME", 0,
	  "Set or clear what varies between kernels; 'arch' lists the names; repeatable", 1 },
	{ "second", KEY_SECOND, "VALUE", 0, "The entry's second copy, where the format has one",
	  1 },
	{ "linux", KEY_LINUX, NULL, 0,
	  "The value is Linux's copy, as in a \"Bad page map\" line, where there are two", 1 },
	{ "hardware", KEY_HARDWARE, NULL, 0, "The value is the hardware's copy", 1 },
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
	case KEY_LINUX:
	case KEY_HARDWARE:
		if (entry->copy)
			argp_error(state, "only one of --linux, --hardware, and once");
		entry->copy = key == KEY_LINUX ? COPY_LINUX : COPY_HARDWARE;
		return 0;
	case ARGP_KEY_ARG:
		if (entry->nr_values == 256)
			argp_error(state, "at most 256 values");
		entry->values[entry->nr_values++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!entry->nr_values)
			argp_error(state, "no value given");
		if (entry->copy == COPY_LINUX && entry->has_second)
			argp_error(state, "--linux says that the value is Linux's copy, and "
					  "--second is another");
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

/*
 * Linux's names, from the top on. A format that lacks one has it folded into the next that it has
 * above (include/asm-generic/pgtable-nop4d.h), or, where that is beyond its top, into its top.
 */
static const char *const linux_levels[] = { "PGD", "P4D", "PUD", "PMD", "PTE" };

#define NR_LINUX_LEVELS (sizeof(linux_levels) / sizeof(linux_levels[0]))

/* The level with a name. @return false: there is none */
static bool named_level(const struct mmu_regime *regime, const char *name, unsigned int *ret)
{
	for (unsigned int level = 0; level <= regime->top_level; level++) {
		if (strcasecmp(regime->format->level[level].name, name) == 0) {
			*ret = level;
			return true;
		}
	}
	return false;
}

/* @param ret_folded  Linux's name of what is folded into the level, or NULL */
static bool find_level(const struct mmu_regime *regime, const char *name, unsigned int *ret,
		       const char **ret_folded)
{
	unsigned int level;
	uint64_t number;
	size_t at = 0;

	*ret_folded = NULL;
	if (named_level(regime, name, ret))
		return true;
	if (tool_number(name, &number) && number <= regime->top_level) {
		*ret = (unsigned int)number;
		return true;
	}
	while (at < NR_LINUX_LEVELS && strcasecmp(linux_levels[at], name) != 0)
		at++;
	/* names of another kind say nothing about Linux's */
	if (at == NR_LINUX_LEVELS || !named_level(regime, "PTE", &level))
		return false;
	*ret_folded = linux_levels[at];
	*ret = regime->top_level;
	while (at-- > 0 && !named_level(regime, linux_levels[at], ret))
		;
	return true;
}

/* ------------------------------------------------------------------ whose word it is */

/* Does Linux keep a word of its own at this level? */
static bool has_copies(const struct entry *entry)
{
	const struct mmu_format *format = entry->regime->format;

	/* else the second word is the other half of an entry */
	return format->level[entry->level].second_offset &&
	       strcasecmp(format->second_name, "Linux") == 0;
}

/* Can one of the copies be so, if nothing is known of the other? */
static bool fits(const struct entry *entry, uint64_t raw, bool of_linux, struct mmu_walk *scratch)
{
	const struct mmu_format *format = entry->regime->format;
	uint64_t first = of_linux ? 0 : raw, second = of_linux ? raw : 0, mask;

	mmu_entry_decode(entry->arch, entry->regime, entry->level, first, &second, scratch);
	enum mmu_result result = mmu_walk_get(scratch)->result;
	return result != MMU_RESULT_EMPTY && result != MMU_RESULT_BAD_ENTRY &&
	       !(format->audit && format->audit(entry->regime, entry->level, first, second, &mask));
}

/* Decide whose word a value is. @param note  what is to be said of that, or "" */
static bool is_linux_copy(const struct entry *entry, uint64_t raw, struct mmu_walk *scratch,
			  char note[160])
{
	const struct mmu_format *format = entry->regime->format;
	bool hardware, of_linux;

	note[0] = '\0';
	if (!format->level[entry->level].second_offset || entry->has_second)
		return false;
	if (has_copies(entry) && entry->copy == COPY_LINUX)
		return true;
	/* a copy that was not given is unknown, not empty */
	snprintf(note, 160, "%s's copy was not given (--second)", format->second_name);
	if (!has_copies(entry) || entry->copy == COPY_HARDWARE || !raw)
		return false;
	hardware = fits(entry, raw, false, scratch);
	of_linux = fits(entry, raw, true, scratch);
	if (hardware && of_linux)
		snprintf(note, 160,
			 "read as hardware's copy; --linux reads it as Linux's, which "
			 "can be so as well");
	else if (hardware)
		snprintf(note, 160,
			 "only hardware's copy can be so; Linux's copy was not given "
			 "(--second)");
	else if (of_linux)
		snprintf(note, 160,
			 "only Linux's copy can be so: read as that (--hardware reads "
			 "it as hardware's)");
	return of_linux && !hardware;
}

/* ------------------------------------------------------------------ output */

static void decoded_json(const struct entry *entry, const struct mmu_walk *walk, bool of_linux,
			 const char *note)
{
	const struct mmu_step *step = mmu_walk_step(walk, 0);
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = entry->regime;
	const char *result_note = info->note ? info->note : note;

	json_begin("entry");
	json_string("arch", entry->arch->name);
	json_string("format", regime->format->name);
	show_assumed_json(entry->arch, regime);
	json_number("level", entry->level);
	json_string("name", regime->format->level[entry->level].name);
	if (entry->folded)
		json_string("folded", entry->folded);
	if (has_copies(entry))
		json_string("copy", of_linux ? "Linux" : "hardware");
	show_entry_json(regime, step, of_linux);
	if (note[0])
		json_string("note", note);
	json_string("result", mmu_result_name(info->result));
	/* where the page begins is all that an entry alone can tell */
	if (info->has_pa) {
		json_hex("pa", info->pa);
		json_number("page_size", (int64_t)info->page_bytes);
	}
	if (result_note[0] && !of_linux)
		json_string("result_note", result_note);
	if (info->has_swap)
		show_swap_json(info->swap_type, info->swap_offset, info->assumed);
	json_end();
}

static void decoded_text(const struct entry *entry, const struct mmu_walk *walk, uint64_t raw,
			 bool of_linux, const char *note)
{
	const struct mmu_regime *regime = entry->regime;
	const struct mmu_format *format = regime->format;
	const struct mmu_step *step = mmu_walk_step(walk, 0);
	enum mmu_kind kind = mmu_step_entry(step)->kind;
	const char *name = format->level[entry->level].name;
	char flags[512];

	printf("%s%s %s%s %s%s%s%s 0x%0*" PRIx64 "\n", tool_colour(TOOL_BOLD), entry->arch->name,
	       format->name, tool_colour(TOOL_PLAIN), tool_level_colour(entry->level), name,
	       tool_colour(TOOL_PLAIN), of_linux ? ", Linux's copy" : "", 2 * format->entry_bytes,
	       raw);
	if (entry->folded)
		printf("     %s is folded into %s\n", entry->folded, name);
	show_target_text(regime, step, NULL);
	if (!of_linux)
		show_entry_text(regime, step, "     ");
	else if (tool_flags(regime, step, true, flags)[0])
		printf("     %s\n", flags);
	if (note[0])
		printf("     note: %s\n", note);
	if (kind == MMU_KIND_SOFTWARE || (kind == MMU_KIND_EMPTY && (of_linux || !note[0])))
		show_result_text(regime, walk, NULL);
}

static void decode(const struct tool *tool, const struct entry *entry, uint64_t raw,
		   struct mmu_walk *walk, int *status)
{
	char note[160];
	bool of_linux = is_linux_copy(entry, raw, walk, note);
	const uint64_t *second = of_linux ? &raw : entry->has_second ? &entry->second : NULL;

	mmu_entry_decode(entry->arch, entry->regime, entry->level, of_linux ? 0 : raw, second,
			 walk);
	enum mmu_result result = mmu_walk_get(walk)->result;
	if (result != MMU_RESULT_MAPPED && result != MMU_RESULT_TABLE)
		*status = TOOL_ANSWERED;
	if (mmu_step_entry(mmu_walk_step(walk, 0))->kind == MMU_KIND_BAD)
		note[0] = '\0';
	if (tool->json)
		decoded_json(entry, walk, of_linux, note);
	else
		decoded_text(entry, walk, raw, of_linux, note);
}

static int refuse(const char *value, const struct mmu_format *format)
{
	fflush(stdout);
	fprintf(stderr, "mmuscope: '%s' is no value of %u bytes\n", tool_safe(value),
		format->entry_bytes);
	return TOOL_USAGE;
}

/* All values are looked at before the first is shown. */
static int decode_all(const struct tool *tool, struct entry *entry)
{
	const struct mmu_format *format = entry->regime->format;
	int status = TOOL_OK;
	uint64_t raws[256];

	if (entry->level_name &&
	    !find_level(entry->regime, entry->level_name, &entry->level, &entry->folded))
		return usage("level", entry->level_name, "'mmuscope arch NAME' lists them");
	if (entry->has_second && !format->level[entry->level].second_offset)
		return usage("second copy at level", format->level[entry->level].name,
			     "--second means nothing there");
	for (size_t i = 0; i < entry->nr_values; i++)
		if (!tool_hex(entry->values[i], &raws[i]) ||
		    (format->entry_bytes < 8 && raws[i] >> (8 * format->entry_bytes)))
			return refuse(entry->values[i], format);
	if (!tool->json)
		show_assumed_text(entry->arch, entry->regime);
	struct mmu_walk *walk = tool_walk_create();
	for (size_t i = 0; i < entry->nr_values; i++)
		decode(tool, entry, raws[i], walk, &status);
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
	tool_fold(tool, 5);
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
	const struct mmu_format *format = entry.format_name
						  ? mmu_arch_format(arch, entry.format_name)
						  : NULL;
	error = mmu_regime_create(format ? tool_format_regime(arch, format) : sample->regimes[0],
				  set, clear, &regime);
	if (error)
		return tool_fail(tool, error);
	entry.arch = arch;
	entry.regime = regime;
	status = decode_all(tool, &entry);
	mmu_regime_destroy(regime);
	return status;
}
