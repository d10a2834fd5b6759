/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope info: what an image is and what is known of its kernel. */
#include <inttypes.h>
#include <string.h>

#include "confine.h"

#define CPUS_SHOWN 16u

enum { KEY_CONFINEMENT = 0x2000 };

struct info {
	const char *image;
	bool facts, tsv, confinement;
};

static const struct argp_option options[] = {
	{ "facts", 'f', NULL, 0, "Also every fact that was used, with its source", 1 },
	{ "confinement", KEY_CONFINEMENT, NULL, 0,
	  "Also what confines the process while it reads the image", 1 },
	{ "tsv", TOOL_KEY_TSV, NULL, 0, "Only the facts, in tab-separated rows with a header", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct info *info = state->input;

	switch (key) {
	case 'f':
		info->facts = true;
		return 0;
	case KEY_CONFINEMENT:
		info->confinement = true;
		return 0;
	case TOOL_KEY_TSV:
		info->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one image at a time");
		info->image = arg;
		return 0;
	case ARGP_KEY_END:
		if (!info->image)
			argp_error(state, "no image given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* One of the kernel's own tables, as Linux keeps them; NULL: none is known. */
static const struct mmu_regime *linux_regime(struct mmu_session *session)
{
	const struct mmu_regime *regime;

	for (size_t n = 0; (regime = mmu_session_regime(session, n)); n++)
		if (regime->view != MMU_VIEW_HARDWARE)
			return regime;
	return mmu_session_regime(session, 0);
}

/* The table that hardware looks into, where that is not Linux's; NULL: it is, or is not known. */
static const struct mmu_regime *hashed_regime(struct mmu_session *session)
{
	const struct mmu_regime *regime;

	for (size_t n = 0; (regime = mmu_session_regime(session, n)); n++)
		if (regime->format->kind == MMU_FORMAT_HASHED)
			return regime;
	return NULL;
}

/* Was any trait of the kernel guessed, because its symbols are not known? */
static bool traits_assumed(struct mmu_session *session)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;
	bool found = false;

	while (!found && (fact = mmu_facts_next(facts)))
		found = strncmp(fact->key, "TRAIT(", 6) == 0 && fact->from == MMU_SOURCE_ASSUMED;
	mmu_facts_close(facts);
	return found;
}

/* Do facts come from the kernel's own tables? */
static bool describes_itself(struct mmu_session *session)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;
	bool found = false;

	while (!found && (fact = mmu_facts_next(facts)))
		found = fact->from == MMU_SOURCE_BTF;
	mmu_facts_close(facts);
	return found;
}

/* An address, which may be negative. */
static void phys_base_json(const struct mmu_info *info)
{
	bool negative = info->phys_base < 0;
	char text[24];

	snprintf(text, sizeof(text), "%s0x%" PRIx64, negative ? "-" : "",
		 negative ? -(uint64_t)info->phys_base : (uint64_t)info->phys_base);
	if (info->has_phys_base)
		json_string("phys_base", text);
	else
		json_null("phys_base");
}

static void regime_json(struct mmu_session *session, const struct mmu_arch *arch)
{
	const struct mmu_regime *regime = linux_regime(session), *hashed = hashed_regime(session);

	json_string("paging_format", regime->format->name);
	json_hex("kernel_root_pa", regime->root_pa);
	if (hashed) {
		json_hex("hashed_table_pa", hashed->root_pa);
		json_number("hashed_slots", (int64_t)hashed->nr_slots);
	} else if (regime->view == MMU_VIEW_LINUX) {
		json_null("hashed_table_pa");
	}
	json_hex("pa_mask", regime->pa_mask);
	json_array("traits");
	for (size_t i = 0; i < arch->nr_traits; i++)
		if (regime->traits & arch->traits[i].bit)
			json_string(NULL, arch->traits[i].name);
	json_array_end();
	json_bool("traits_assumed", traits_assumed(session));
}

static void facts_json(struct mmu_session *session)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;

	json_array("facts");
	while ((fact = mmu_facts_next(facts))) {
		json_object(NULL);
		json_string("key", fact->key);
		json_hex("value", fact->value);
		json_string("source", fact->source);
		json_bool("seconded", fact->seconded);
		if (fact->other && fact->disputed)
			json_string("disputed_by", fact->other);
		else if (fact->other)
			json_string("overrides", fact->other);
		if (fact->other)
			json_hex("other_value", fact->other_value);
		json_object_end();
	}
	json_array_end();
	mmu_facts_close(facts);
}

/* How many facts have a second source, and how many of them another value there. */
static size_t count_facts(struct mmu_session *session, size_t *ret_disputed)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;
	size_t seconded = 0;

	*ret_disputed = 0;
	while ((fact = mmu_facts_next(facts))) {
		seconded += fact->seconded || fact->other;
		*ret_disputed += fact->disputed;
	}
	mmu_facts_close(facts);
	return seconded;
}

/* What could not be done, in words; "" where nothing failed. */
struct told {
	char problem[TOOL_TEXT_MAX], unchecked[TOOL_TEXT_MAX], lacks[TOOL_TEXT_MAX];
	char confinement[TOOL_TEXT_MAX];
};

/* Some formats of libkdumpfile have no table of their pages: memory, and nothing counted. */
static bool is_counted(const struct mmu_info *info)
{
	return info->present_pages || info->filtered_pages || info->truncated_pages ||
	       !info->nr_ram;
}

static void pages_json(const char *key, const struct mmu_info *info, uint64_t count)
{
	if (is_counted(info))
		json_number(key, (int64_t)count);
	else
		json_null(key);
}

static void cpus_json(struct mmu_session *session)
{
	const struct mmu_cpu *cpu;

	json_array("cpus");
	for (uint32_t n = 0; (cpu = mmu_session_cpu(session, n)); n++) {
		json_object(NULL);
		json_number("cpu", n);
		json_string("mode", cpu->mode);
		json_string("register", cpu->root_register);
		json_hex("value", cpu->root_value);
		if (cpu->format) {
			json_string("format", cpu->format->name);
			json_hex("root_pa", cpu->root_pa);
		} else {
			json_null("format");
			json_null("root_pa");
		}
		json_object_end();
	}
	json_array_end();
}

static void info_json(const struct info *command, const struct tool *tool,
		      const struct mmu_info *info, const struct told *told)
{
	struct mmu_session *session = tool->session;
	uint64_t first_pa, last_pa;

	json_begin("info");
	json_string("image", info->path);
	json_string("image_format", info->image_format);
	json_string("reader", info->reader);
	json_string("arch", info->arch);
	json_string("release", info->release);
	json_string("build_id", info->build_id);
	json_string("vmlinux", info->vmlinux);
	if (info->system_map[0])
		json_string("system_map", info->system_map);
	if (info->nr_regimes)
		regime_json(session, info->backend);
	else
		json_null("paging_format");
	if (info->has_kaslr_offset)
		json_hex("kaslr_offset", info->kaslr_offset);
	else
		json_null("kaslr_offset");
	phys_base_json(info);
	json_bool("vmcoreinfo", info->has_vmcoreinfo);
	json_bool("vmcoreinfo_found", info->vmcoreinfo_found);
	json_number("cpu_states", info->nr_cpu_states);
	cpus_json(session);
	json_number("page_bytes", info->page_bytes);
	pages_json("present_pages", info, info->present_pages);
	pages_json("filtered_pages", info, info->filtered_pages);
	pages_json("truncated_pages", info, info->truncated_pages);
	json_array("ram");
	for (size_t i = 0; mmu_session_ram(session, i, &first_pa, &last_pa); i++) {
		json_object(NULL);
		json_hex("first", first_pa);
		json_hex("last", last_pa);
		json_object_end();
	}
	json_array_end();
	facts_json(session);
	size_t disputed, seconded = count_facts(session, &disputed);
	json_number("seconded_facts", (int64_t)seconded);
	json_number("disputed_facts", (int64_t)disputed);
	if (told->unchecked[0])
		json_string("unchecked", told->unchecked);
	if (told->lacks[0])
		json_string("lacks", told->lacks);
	if (info->warning)
		json_string("warning", info->warning);
	if (info->shared_bytes)
		json_number("shared_bytes", (int64_t)info->shared_bytes);
	if (info->given_up)
		json_string("given_up", info->given_up);
	if (told->problem[0])
		json_string("problem", told->problem);
	if (command->confinement)
		tool_confinement_json(tool);
	json_end();
}

static void line(const char *name, const char *text)
{
	if (text && *text)
		tool_row(name, "%s", tool_safe(text));
}

static void print_memory(const struct mmu_session *session, const struct mmu_info *info)
{
	uint64_t first_pa, last_pa;
	uint64_t total = info->present_pages + info->filtered_pages + info->truncated_pages;

	if (!is_counted(info))
		tool_row("memory",
			 "pages of %s, not counted: %s does not tell which are in the file",
			 tool_size(info->page_bytes), info->reader);
	else
		tool_row("memory",
			 "%" PRIu64 " pages of %s: %" PRIu64 " present, %" PRIu64
			 " filtered, %" PRIu64 " truncated",
			 total, tool_size(info->page_bytes), info->present_pages,
			 info->filtered_pages, info->truncated_pages);
	for (size_t i = 0; i < 16 && mmu_session_ram(session, i, &first_pa, &last_pa); i++)
		tool_row(i ? "" : "ranges", "0x%09" PRIx64 "-0x%09" PRIx64, first_pa, last_pa);
	if (info->nr_ram > 16)
		tool_row("", "and %u more (--json lists all)", info->nr_ram - 16);
}

static void print_traits(struct mmu_session *session, const struct mmu_arch *arch,
			 const struct mmu_regime *regime)
{
	const char *before = "";

	tool_label("traits");
	for (size_t i = 0; i < arch->nr_traits; i++) {
		if (!(regime->traits & arch->traits[i].bit))
			continue;
		printf("%s%s", before, arch->traits[i].name);
		before = " ";
	}
	if (traits_assumed(session))
		printf("%s(assumed: no symbols tell)\n", before);
	else
		printf("%s\n", regime->traits ? "" : "none");
}

static void print_cpus(struct mmu_session *session)
{
	const struct mmu_cpu *cpu;
	uint32_t n;

	for (n = 0; (cpu = mmu_session_cpu(session, n)); n++) {
		char name[16];

		snprintf(name, sizeof(name), "CPU %" PRIu32, n);
		if (n < CPUS_SHOWN)
			tool_row(name, "%s 0x%" PRIx64 ", %s%s", cpu->root_register,
				 cpu->root_value, cpu->mode,
				 cpu->format ? "" : ": no format reads it");
	}
	if (n > CPUS_SHOWN)
		tool_row("", "and %" PRIu32 " more (--json lists all)", n - CPUS_SHOWN);
}

/* What the back-end derived under this key says why the table is not there. */
static void print_hashed(struct mmu_session *session, const struct mmu_regime *regime)
{
	const struct mmu_regime *hashed = hashed_regime(session);

	if (hashed)
		tool_row("hashed table", "0x%" PRIx64 ", %" PRIu64 " slots (%s)", hashed->root_pa,
			 hashed->nr_slots, hashed->format->name);
	else if (regime->view == MMU_VIEW_LINUX)
		tool_row("hashed table", "%s", tool_no_hashed_table(session));
}

static void print_kernel(struct mmu_session *session, const struct mmu_info *info)
{
	const struct mmu_arch *arch = info->backend;
	const struct mmu_regime *regime = linux_regime(session);

	if (info->has_kaslr_offset)
		tool_row("KASLR offset", "0x%" PRIx64, info->kaslr_offset);
	if (info->has_phys_base)
		tool_row("physical base", "%s0x%" PRIx64, info->phys_base < 0 ? "-" : "",
			 info->phys_base < 0 ? -(uint64_t)info->phys_base
					     : (uint64_t)info->phys_base);
	if (regime) {
		tool_row("paging format", "%s (%s)", regime->format->name, regime->format->title);
		tool_row("kernel root", "0x%" PRIx64, regime->root_pa);
		print_hashed(session, regime);
		print_traits(session, arch, regime);
	}
	for (size_t i = 0; i < info->nr_linear; i++) {
		struct mmu_linear linear = *mmu_session_linear(session, i);
		uint64_t below = linear.first_pa >> 63 ? -linear.first_pa : 0;

		/* what would lie below physical 0 is not mapped */
		if (below <= linear.last_va - linear.first_va) {
			linear.first_va += below;
			linear.first_pa += below;
			below = 0;
		}
		tool_row(i ? "" : "linear", "0x%" PRIx64 "-0x%" PRIx64 " -> %s0x%" PRIx64 " (%s)",
			 linear.first_va, linear.last_va, below ? "-" : "",
			 below ? below : linear.first_pa, linear.name);
	}
}

static const struct tool_column fact_columns[] = { { "fact", -42, 0 },
						   { "value", -20, 1 },
						   { "source", 0, 1 } };

static void print_fact(const char *key, uint64_t value, const char *source)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	if (tool_narrow())
		printf("%s\n    %s  %s\n", key, text, tool_safe(source));
	else
		tool_table_row(fact_columns, 3, (const char *[]){ key, text, tool_safe(source) });
}

static void print_facts(struct mmu_session *session)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;

	printf("\n");
	tool_table_head(fact_columns, 3);
	while ((fact = mmu_facts_next(facts))) {
		print_fact(tool_safe(fact->key), fact->value, fact->source);
		if (fact->other)
			print_fact(fact->disputed ? "  disagrees:" : "  overrides",
				   fact->other_value, fact->other);
	}
	mmu_facts_close(facts);
}

static void facts_tsv(struct mmu_session *session)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;

	tsv_header("key value: source seconded disputed other other_value:");
	while ((fact = mmu_facts_next(facts))) {
		tsv_text(fact->key);
		tsv_hex(true, fact->value);
		tsv_text(fact->source);
		tsv_number(true, fact->seconded);
		tsv_number(true, fact->disputed);
		tsv_text(fact->other);
		tsv_hex(fact->other, fact->other_value);
		tsv_end();
	}
	mmu_facts_close(facts);
}

/* What two sources say of one fact. */
static void print_checked(struct mmu_session *session, const char *unchecked)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_fact *fact;
	size_t disputed, seconded = count_facts(session, &disputed), shown = 0;

	tool_label("cross-check");
	printf("facts with a second source: %zu", seconded);
	if (disputed)
		printf(", %zu disagree", disputed);
	printf("%s%s\n", unchecked[0] ? "; not asked: " : "", tool_safe(unchecked));
	while (shown < 4 && (fact = mmu_facts_next(facts))) {
		if (!fact->disputed)
			continue;
		tool_row("warning",
			 "sources disagree: %s is 0x%" PRIx64 " (%s), but 0x%" PRIx64 " (%s)",
			 tool_safe(fact->key), fact->value, tool_safe(fact->source),
			 fact->other_value, tool_safe(fact->other));
		shown++;
	}
	mmu_facts_close(facts);
	if (shown < disputed)
		tool_row("", "and %zu more (--facts shows all)", disputed - shown);
}

static void info_text(const struct info *command, struct mmu_session *session,
		      const struct mmu_info *info, const struct told *told)
{
	char reader[64];

	line("image", info->path);
	snprintf(reader, sizeof(reader), "%s (reader: %s)", info->image_format, info->reader);
	line("format", reader);
	line("architecture", info->arch);
	line("release", info->release);
	line("build-id", info->build_id);
	line("vmlinux", info->vmlinux[0]             ? info->vmlinux
			: !describes_itself(session) ? "none found"
			: info->system_map[0]        ? "none found; types from the image itself"
						     : "none found; symbols and types from the "
						       "image itself");
	line("System.map", info->system_map);
	line("warning", info->warning);
	if (info->given_up)
		tool_row("given up", TOOL_GIVEN_UP, info->given_up);
	print_memory(session, info);
	tool_row("notes", "VMCOREINFO %s, %u CPU states",
		 info->vmcoreinfo_found     ? "found in memory"
		 : info->vmcoreinfo_refuted ? "of another kernel, not used"
		 : info->has_vmcoreinfo     ? "yes"
					    : "no",
		 info->nr_cpu_states);
	print_cpus(session);
	print_kernel(session, info);
	line("not learnt", told->problem);
	line("lacks", told->lacks);
	if (!told->problem[0])
		print_checked(session, told->unchecked);
	if (command->confinement)
		line("confinement", told->confinement);
	if (command->facts)
		print_facts(session);
}

int tool_info(struct tool *tool, int argc, char **argv)
{
	struct info command = { 0 };
	struct mmu_error *check = NULL;
	struct told told;

	tool_parse(tool, argc, argv, options, parse, "IMAGE",
		   "What an image is, what memory it holds, and what is known of its kernel.",
		   &command, NULL);
	if (command.tsv && tool->json) {
		fprintf(stderr, "mmuscope info: only one of --json, --tsv\n");
		return TOOL_USAGE;
	}
	tool_fold(tool, 2);
	int status = tool_open(tool, command.image);
	if (status)
		return status;
	struct mmu_error *error = mmu_session_learn(tool->session);
	if (!error)
		check = mmu_session_cross_check(tool->session);
	if (tool_seal(tool)) {
		mmu_error_destroy(error);
		mmu_error_destroy(check);
		return TOOL_UNUSABLE;
	}
	tool_confinement_words(tool, told.confinement);
	const struct mmu_info *info = mmu_session_info(tool->session);
	tool->warned = true;
	tool_error_text(tool, error, told.problem);
	tool_error_text(tool, check, told.unchecked);
	tool_error_text(tool, info->lacks, told.lacks);
	if (command.tsv)
		facts_tsv(tool->session);
	else if (tool->json)
		info_json(&command, tool, info, &told);
	else
		info_text(&command, tool->session, info, &told);
	mmu_error_destroy(check);
	/* info needs no vmlinux, but what the user named must work */
	if (error && (tool->options.vmlinux || (tool->options.arch && !info->arch[0])))
		return tool_fail(tool, error);
	mmu_error_destroy(error);
	return TOOL_OK;
}
