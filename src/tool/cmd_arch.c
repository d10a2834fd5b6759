/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope arch: back-ends, their formats, levels and bits. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum { KEY_CONFORMANCE = 0x300 };

struct arch {
	const char *name, *format;
	const char *file; /* of --conformance */
};

static const struct argp_option options[] = {
	{ "conformance", KEY_CONFORMANCE, "FILE", 0,
	  "Check whether a back-end keeps the promises of arch.h; its code is run", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arch *arch = state->input;

	switch (key) {
	case KEY_CONFORMANCE:
		arch->file = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			return ARGP_ERR_UNKNOWN;
		*(state->arg_num ? &arch->format : &arch->name) = arg;
		return 0;
	case ARGP_KEY_END:
		if (arch->file && state->arg_num)
			argp_error(state, "--conformance takes a file and nothing else");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* "63"; "62:59" for a field; "5+8" when both must be set; "5 !8" when the other must be clear */
static const char *bits_text(const struct mmu_flag *flag, char ret[32])
{
	uint64_t clear = (flag->mask & ~flag->value) | flag->absent;
	size_t out = 0;

	ret[0] = '\0';

	if (flag->field) {
		snprintf(ret, 32, "%d:%d", 63 - __builtin_clzll(flag->mask),
			 __builtin_ctzll(flag->mask));
		return ret;
	}
	for (uint64_t left = flag->value; left && out < 24; left &= left - 1)
		out += (size_t)snprintf(ret + out, 32 - out, "%s%d", out ? "+" : "",
					__builtin_ctzll(left));
	for (uint64_t left = clear; left && out < 24; left &= left - 1)
		out += (size_t)snprintf(ret + out, 32 - out, "%s!%d", out ? " " : "",
					__builtin_ctzll(left));
	return ret;
}

static const char *levels_text(const struct mmu_format *format, const struct mmu_flag *flag,
			       char ret[96])
{
	size_t out = 0;

	ret[0] = '\0';
	for (unsigned int level = format->nr_levels; level-- > 0;)
		if (flag->levels >> level & 1)
			out += (size_t)snprintf(ret + out, 96 - out, "%s%s", out ? " " : "",
						format->level[level].name);
	return ret;
}

static const char *kinds_text(const struct mmu_flag *flag, char ret[64])
{
	static const char *const names[] = { "empty", "software", "table", "leaf", "bad" };
	size_t out = 0;

	ret[0] = '\0';
	for (unsigned int kind = MMU_KIND_SOFTWARE; kind <= MMU_KIND_LEAF; kind++)
		if (flag->kinds >> kind & 1)
			out += (size_t)snprintf(ret + out, 64 - out, "%s%s", out ? "," : "",
						names[kind]);
	return ret;
}

static const char *traits_text(const struct mmu_arch *arch, const struct mmu_flag *flag,
			       char ret[96])
{
	size_t out = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < arch->nr_traits; i++) {
		const struct mmu_trait *trait = &arch->traits[i];

		if (flag->if_traits & trait->bit)
			out += (size_t)snprintf(ret + out, 96 - out, " [%s]", trait->name);
		if (flag->no_traits & trait->bit && strncmp(trait->name, "no-", 3) == 0)
			out += (size_t)snprintf(ret + out, 96 - out, " [%s]", trait->name + 3);
		else if (flag->no_traits & trait->bit)
			out += (size_t)snprintf(ret + out, 96 - out, " [no-%s]", trait->name);
	}
	if (flag->halves == 1 << MMU_HALF_KERNEL)
		out += (size_t)snprintf(ret + out, 96 - out, " [kernel half]");
	if (flag->top)
		snprintf(ret + out, 96 - out, " [%s]",
			 flag->top == MMU_FLAG_AT_TOP ? "top level" : "below the top");
	return ret;
}

/* Columns that the meaning of a flag needs beside the others. */
#define MEANING_LEAST 24u

/* Of a list of flags: how wide its columns are. */
struct columns {
	int bits, name, levels, kinds;
};

static void widen(int *width, const char *text)
{
	int wanted = (int)strlen(text);

	*width = wanted > *width ? wanted : *width;
}

static struct columns columns_of(const struct mmu_format *format)
{
	struct columns ret = { 9, 14, 6, 7 };
	char bits[32], levels[96], kinds[64];

	for (size_t i = 0; i < format->nr_flags + format->nr_second_flags; i++) {
		const struct mmu_flag *flag = i < format->nr_flags
						      ? &format->flags[i]
						      : &format->second_flags[i - format->nr_flags];

		widen(&ret.bits, bits_text(flag, bits));
		widen(&ret.name, flag->set ? flag->set : flag->clear);
		widen(&ret.levels, levels_text(format, flag, levels));
		widen(&ret.kinds, kinds_text(flag, kinds));
	}
	return ret;
}

/* What it means beside the other columns, or below them where too little is left. */
static void print_row(const struct columns *columns, const char *bits, const char *name,
		      const char *levels, const char *kinds, const char *what)
{
	unsigned int room = tool_columns();
	char begin[256];
	int wide = snprintf(begin, sizeof(begin), "    %-*s %-*s %-*s %-*s ", columns->bits, bits,
			    columns->name, name, columns->levels, levels, columns->kinds, kinds);

	if ((unsigned int)wide + MEANING_LEAST <= room) {
		tool_wrapped(what, begin, (unsigned int)wide, room);
		return;
	}
	printf(tool_narrow() ? "    %-*s %s\n        %s%s%s\n" : "    %-*s %s  %s%s%s\n",
	       columns->bits, bits, name, levels, *kinds ? "  " : "", kinds);
	tool_wrapped(what, "        ", 10, room);
}

static void print_flag(const struct mmu_arch *arch, const struct mmu_format *format,
		       const struct columns *columns, const struct mmu_flag *flag)
{
	bool software = flag->kinds == MMU_KINDS(MMU_KIND_SOFTWARE);
	char bits[32], levels[96], kinds[64], traits[96], what[512];

	snprintf(what, sizeof(what), "%s%s%s", flag->what ? flag->what : "",
		 flag->software && !software ? " (Linux)" : "", traits_text(arch, flag, traits));
	print_row(columns, bits_text(flag, bits), flag->set ? flag->set : flag->clear,
		  levels_text(format, flag, levels), software ? "" : kinds_text(flag, kinds), what);
}

/* Those of valid entries, or those of software entries: two lists are easier to read than one. */
static void print_flags(const struct mmu_arch *arch, const struct mmu_format *format, bool second,
			bool software)
{
	const struct mmu_flag *flags = second ? format->second_flags : format->flags;
	size_t nr_flags = second ? format->nr_second_flags : format->nr_flags;
	struct columns columns = columns_of(format);

	for (size_t i = 0; i < nr_flags; i++)
		if (software == (flags[i].kinds == MMU_KINDS(MMU_KIND_SOFTWARE)))
			print_flag(arch, format, &columns, &flags[i]);
}

static bool has_software_flags(const struct mmu_format *format)
{
	for (size_t i = 0; i < format->nr_flags; i++)
		if (format->flags[i].kinds == MMU_KINDS(MMU_KIND_SOFTWARE))
			return true;
	return false;
}

/* Do the bits above those of the tables differ between halves? */
static bool sign_extended(const struct mmu_sample *sample)
{
	const struct mmu_regime *last = sample->regimes[sample->nr_regimes - 1];

	return last->last_va == UINT64_MAX && mmu_regime_va_bits(last) < 64;
}

static void print_levels(const struct mmu_format *format, const struct mmu_regime *regime)
{
	if (!tool_narrow())
		printf("    level  name  address bits  entries  covers    leaf\n");
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		const struct mmu_shape *shape = &regime->shape[level];
		const char *name = format->level[level].name;
		const char *covers = tool_size((uint64_t)1 << shape->shift);
		unsigned int last = shape->shift + shape->index_bits - 1u;
		uint64_t entries = (uint64_t)1 << shape->index_bits;
		bool leaf = format->level[level].may_be_leaf;

		if (tool_narrow())
			printf("    level %u, %s%s%s: address bits %u:%u, %" PRIu64 " entries, "
			       "each covers "
			       "%s%s\n",
			       level, tool_level_colour(level), name, tool_colour(TOOL_PLAIN), last,
			       shape->shift, entries, covers, leaf ? ", leaf" : "");
		else
			printf("    %5u  %s%-5s%s %2u:%-10u %7" PRIu64 "  %-8s  %s\n", level,
			       tool_level_colour(level), name, tool_colour(TOOL_PLAIN), last,
			       shape->shift, entries, covers, leaf ? "yes" : "no");
	}
}

static void print_format(const struct mmu_arch *arch, const struct mmu_format *format)
{
	const struct mmu_sample *sample = mmu_arch_sample(arch, format->name);
	const struct mmu_regime *regime = tool_format_regime(arch, format);
	struct columns columns = columns_of(format);
	char text[240];

	printf("  format %s%s%s: %s\n", tool_colour(TOOL_BOLD), format->name,
	       tool_colour(TOOL_PLAIN), format->title);
	snprintf(text, sizeof(text),
		 "%u-byte %s-endian entries, %u address bits%s, %u physical bits",
		 format->entry_bytes, format->big_endian ? "big" : "little",
		 mmu_regime_va_bits(regime), sign_extended(sample) ? " sign-extended" : "",
		 tool_pa_bits(arch, format));
	tool_wrapped(text, "    ", 6, tool_columns());
	if (format->kind == MMU_FORMAT_HASHED) {
		snprintf(text, sizeof(text),
			 "one table with the entries of all spaces, %u bytes a slot, at places "
			 "that "
			 "a hash of the address tells; maps --hash lists it slot by slot: whose "
			 "each entry is, and what lies where",
			 format->slot_bytes);
		tool_wrapped(text, "    ", 6, tool_columns());
	} else {
		print_levels(format, regime);
	}
	print_row(&columns, "bit", "flag", "levels", "entries", "meaning");
	print_flags(arch, format, false, false);
	if (has_software_flags(format)) {
		printf("    in entries that hardware takes for holes (5 !8: bit 5 set, bit 8 "
		       "clear):\n");
		print_flags(arch, format, false, true);
	}
	if (format->nr_second_flags) {
		printf("    second copy, %s's:\n", format->second_name);
		print_flags(arch, format, true, false);
		print_flags(arch, format, true, true);
	}
}

static void flags_json(const char *key, const struct mmu_format *format,
		       const struct mmu_flag *flags, size_t nr_flags)
{
	json_array(key);
	for (size_t i = 0; i < nr_flags; i++) {
		json_object(NULL);
		json_string("name", flags[i].set ? flags[i].set : flags[i].clear);
		json_hex("mask", flags[i].mask);
		if (!flags[i].field)
			json_hex("value", flags[i].value);
		json_array("levels");
		for (unsigned int level = 0; level < format->nr_levels; level++)
			if (flags[i].levels >> level & 1)
				json_number(NULL, level);
		json_array_end();
		json_bool("software", flags[i].software);
		json_string("what", flags[i].what ? flags[i].what : "");
		json_object_end();
	}
	json_array_end();
}

static void format_json(const struct mmu_arch *arch, const struct mmu_format *format)
{
	const struct mmu_regime *regime = tool_format_regime(arch, format);

	json_object(NULL);
	json_string("name", format->name);
	json_string("title", format->title);
	if (format->kind == MMU_FORMAT_HASHED)
		json_string("kind", "hashed");
	json_number("entry_bytes", format->entry_bytes);
	json_number("va_bits", mmu_regime_va_bits(regime));
	json_number("pa_bits", tool_pa_bits(arch, format));
	json_array("levels");
	for (unsigned int level = 0; level <= regime->top_level; level++) {
		json_object(NULL);
		json_number("level", level);
		json_string("name", format->level[level].name);
		json_number("shift", regime->shape[level].shift);
		json_number("index_bits", regime->shape[level].index_bits);
		json_bool("may_be_leaf", format->level[level].may_be_leaf);
		json_object_end();
	}
	json_array_end();
	flags_json("flags", format, format->flags, format->nr_flags);
	if (format->nr_second_flags)
		flags_json("second_flags", format, format->second_flags, format->nr_second_flags);
	json_object_end();
}

/* `format` NULL: all of them */
static void show_arch(const struct tool *tool, const struct mmu_arch *arch, bool whole,
		      const struct mmu_format *format)
{
	uint32_t assumed = arch->samples[0]->regimes[0]->traits;

	if (tool->json) {
		json_begin("arch");
		json_string("name", arch->name);
		json_string("title", arch->title);
		json_array("traits");
		for (size_t i = 0; i < arch->nr_traits; i++) {
			json_object(NULL);
			json_string("name", arch->traits[i].name);
			json_string("what", arch->traits[i].what);
			json_bool("assumed", assumed & arch->traits[i].bit);
			json_object_end();
		}
		json_array_end();
		json_array("formats");
		for (size_t i = 0; i < arch->nr_formats; i++)
			if (!format || format == arch->formats[i])
				format_json(arch, arch->formats[i]);
		json_array_end();
		json_end();
		return;
	}
	printf("%s%s%s: %s\n", tool_colour(TOOL_BOLD), arch->name, tool_colour(TOOL_PLAIN),
	       arch->title);
	for (size_t i = 0; i < arch->nr_formats; i++) {
		if (format && format != arch->formats[i])
			continue;
		if (whole)
			print_format(arch, arch->formats[i]);
		else
			printf("  %-10s %s\n", arch->formats[i]->name, arch->formats[i]->title);
	}
	if (whole && arch->nr_traits)
		printf("  traits, which differ between kernels (* assumed without one):\n");
	for (size_t i = 0; whole && i < arch->nr_traits; i++) {
		const char *mark = assumed & arch->traits[i].bit ? "*" : " ";
		char begin[64];
		int wide = snprintf(begin, sizeof(begin), "    %s %-14s ", mark,
				    arch->traits[i].name);

		if (tool_narrow()) {
			printf("    %s %s\n", mark, arch->traits[i].name);
			tool_wrapped(arch->traits[i].what, "        ", 8, tool_columns());
		} else {
			tool_wrapped(arch->traits[i].what, begin, (unsigned int)wide,
				     tool_columns());
		}
	}
}

static void print_problem(const char *problem, void *context)
{
	const struct tool *tool = context;

	if (tool->json)
		json_string(NULL, problem);
	else
		printf("%s\n", tool_safe(problem));
}

static int check_conformance(struct tool *tool, const char *path)
{
	uint64_t checks = 0;
	bool conforms = false;

	if (tool->json) {
		json_begin("conformance");
		json_string("file", path);
		json_array("problems");
	}
	struct mmu_error *error = mmu_arch_conformance_file(path, print_problem, tool, &conforms,
							    &checks);
	if (error)
		return tool_fail(tool, error);
	if (tool->json) {
		json_array_end();
		json_bool("conforms", conforms);
		json_number("checks", (int64_t)checks);
		json_end();
	} else {
		printf("%s: %s (%" PRIu64 " checks)\n", tool_safe(path),
		       conforms ? "conforms" : "does not conform", checks);
	}
	return conforms ? TOOL_OK : TOOL_ANSWERED;
}

int tool_arch(struct tool *tool, int argc, char **argv)
{
	struct arch command = { 0 };
	const struct mmu_arch *arch;
	struct mmu_error *error;
	struct mmu_arches *arches;
	const char *name;
	bool found = false;

	tool_parse(tool, argc, argv, options, parse, "[NAME [FORMAT]]\n--conformance=FILE",
		   "The back-ends that can be found; with NAME its formats, levels and bits.",
		   &command, NULL);
	int status = tool_refuse_image_options(tool);
	if (status)
		return status;
	tool_fold(tool, 2);
	if (command.file)
		return check_conformance(tool, command.file);
	if (!command.name)
		command.name = tool->options.arch;
	if (command.name) {
		error = mmu_arch_load(command.name, tool->options.plugin_dir, &arch);
		if (error)
			return tool_fail(tool, error);
		const struct mmu_format *format = command.format
							  ? mmu_arch_format(arch, command.format)
							  : NULL;
		if (command.format && !format) {
			fprintf(stderr, "mmuscope: back-end %s has no format '%s'\n", arch->name,
				tool_safe(command.format));
			return TOOL_USAGE;
		}
		show_arch(tool, arch, true, format);
		return TOOL_OK;
	}
	error = mmu_arches_open(tool->options.plugin_dir, &arches);
	if (error)
		return tool_fail(tool, error);
	while ((name = mmu_arches_next(arches))) {
		found = true;
		error = mmu_arch_load(name, tool->options.plugin_dir, &arch);
		if (error)
			status = tool_fail(tool, error);
		else
			show_arch(tool, arch, false, NULL);
	}
	if (!found) {
		fprintf(stderr, "mmuscope: no back-end found\n");
		status = TOOL_UNUSABLE;
	}
	mmu_arches_close(arches);
	return status;
}
