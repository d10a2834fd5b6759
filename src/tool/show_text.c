/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A walk as text: the ruler of the address, each level, the answer. */
#include <inttypes.h>
#include <string.h>

#include "show.h"

#define RULER_MAX 128

/* ------------------------------------------------------------------ the bit ruler */

/* One field of an address: bits last..first and what they choose. */
struct field {
	unsigned int first, last;
	char label[96];
};

static unsigned int fields_of(const struct mmu_arch *arch, const struct mmu_regime *regime,
			      uint64_t va, struct field fields[MMU_LEVELS_MAX + 2])
{
	unsigned int count = 0, top = mmu_regime_va_bits(regime), page_lg2 = regime->shape[0].shift;
	uint64_t offset = va & (((uint64_t)1 << page_lg2) - 1);

	if (arch->elf_class == 2 && top < 64) {
		fields[count] = (struct field){ .first = top, .last = 63 };
		snprintf(fields[count++].label, 96, "sign");
	}
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		const struct mmu_shape *shape = &regime->shape[level];
		uint64_t index = va >> shape->shift & (((uint64_t)1 << shape->index_bits) - 1);

		fields[count] = (struct field){ .first = shape->shift,
						.last = shape->shift + shape->index_bits - 1u };
		snprintf(fields[count++].label, 96, "%s %" PRIu64,
			 regime->format->level[level].name, index);
	}
	fields[count] = (struct field){ .first = 0, .last = page_lg2 - 1u };
	snprintf(fields[count++].label, 96, "offset 0x%0*" PRIx64, ((int)page_lg2 + 3) / 4, offset);
	return count;
}

/* No blanks at the end of a line: people paste this. */
static const char *trimmed(char *text)
{
	size_t bytes = strlen(text);

	while (bytes && text[bytes - 1] == ' ')
		text[--bytes] = '\0';
	return text;
}

/* Three lines: bit numbers, bits, what each field chooses. Leaves them empty for the next ones. */
static void print_ruler_lines(char *numbers, char *bits, char *labels)
{
	printf("  %s%s%s\n  %s\n  %s\n", tool_colour(TOOL_DIM), trimmed(numbers),
	       tool_colour(TOOL_PLAIN), trimmed(bits), trimmed(labels));
	numbers[0] = bits[0] = labels[0] = '\0';
}

void show_ruler(const struct mmu_arch *arch, const struct mmu_regime *regime, uint64_t va,
		unsigned int columns)
{
	struct field fields[MMU_LEVELS_MAX + 2];
	unsigned int count = fields_of(arch, regime, va, fields);
	char numbers[RULER_MAX] = "", bits[RULER_MAX] = "", labels[RULER_MAX] = "";

	for (unsigned int i = 0; i < count; i++) {
		const struct field *field = &fields[i];
		int width = (int)(field->last - field->first + 1);
		int wide = (int)strlen(field->label) > width ? (int)strlen(field->label) : width;
		char first[8], last[8], digits[65];

		for (int bit = 0; bit < width; bit++)
			digits[bit] = '0' + (char)(va >> (field->last - (unsigned int)bit) & 1);
		digits[width] = '\0';
		snprintf(last, sizeof(last), "%u", field->last);
		snprintf(first, sizeof(first), "%u", field->first);
		int gap = wide - (int)strlen(last);
		if (columns && numbers[0] && strlen(numbers) + (size_t)wide + 2 > columns)
			print_ruler_lines(numbers, bits, labels);
		sprintf(numbers + strlen(numbers), "%s%*s ", last, gap, first);
		sprintf(bits + strlen(bits), "%-*s ", wide, digits);
		sprintf(labels + strlen(labels), "%-*s ", wide, field->label);
	}
	print_ruler_lines(numbers, bits, labels);
}

/* ------------------------------------------------------------------ entries */

const char *show_target(const struct mmu_regime *regime, const struct mmu_step *step, char ret[128])
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_shape *shape = &regime->shape[at->level];
	const struct mmu_entry *entry = mmu_step_entry(step);

	switch (entry->kind) {
	case MMU_KIND_TABLE:
		snprintf(ret, 128, "table at 0x%" PRIx64, entry->pa);
		break;
	case MMU_KIND_LEAF:
		snprintf(ret, 128, "%s page at 0x%" PRIx64,
			 tool_size((uint64_t)1 << shape->shift << entry->run_lg2), entry->pa);
		break;
	case MMU_KIND_EMPTY:
		snprintf(ret, 128, "empty");
		break;
	case MMU_KIND_SOFTWARE:
		snprintf(ret, 128, "not present for hardware");
		break;
	case MMU_KIND_BAD:
		snprintf(ret, 128, "%sbad entry%s: %s (bits 0x%" PRIx64 ")", tool_colour(TOOL_BAD),
			 tool_colour(TOOL_PLAIN), entry->note ? entry->note : "", entry->bad_mask);
		break;
	}
	return ret;
}

void show_entry_text(const struct mmu_regime *regime, const struct mmu_step *step,
		     const char *prefix)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	char flags[512];

	tool_flags(regime, step, false, flags);
	if (flags[0])
		printf("%s%s\n", prefix, flags);
	if (at->has_second) {
		printf("%s%s 0x%0*" PRIx64, prefix, regime->format->second_name,
		       2 * regime->format->entry_bytes, at->second);
		if (at->second_pa)
			printf(" at 0x%" PRIx64, at->second_pa);
		tool_flags(regime, step, true, flags);
		printf("%s%s\n", flags[0] ? ": " : "", flags);
	}
	if (entry->note && entry->kind != MMU_KIND_BAD)
		printf("%snote: %s\n", prefix, entry->note);
}

static void print_table_entry(const struct mmu_regime *regime, const struct mmu_step *step,
			      uint64_t used)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	int digits = 2 * regime->format->entry_bytes;
	char target[128], flags[512];

	tool_flags(regime, step, false, flags);
	printf("    %s%4" PRIu64 "  0x%0*" PRIx64 "  %-*s%s%s\n", at->index == used ? ">" : " ",
	       at->index, digits, at->raw, flags[0] ? 28 : 0, show_target(regime, step, target),
	       flags[0] ? " " : "", flags);
	if (at->has_second && at->second) {
		tool_flags(regime, step, true, flags);
		printf("           %s 0x%0*" PRIx64 "%s%s\n", regime->format->second_name, digits,
		       at->second, flags[0] ? ": " : "", flags);
	}
}

/* @param used  the index through which the walk went */
static void print_table(struct mmu_space *space, const struct mmu_regime *regime,
			unsigned int level, uint64_t table_pa, uint64_t used)
{
	struct mmu_entries *entries = tool_entries_open(space, regime, level, table_pa);
	const struct mmu_step *step;

	while ((step = mmu_entries_next(entries)))
		print_table_entry(regime, step, used);
	if (mmu_entries_state(entries) != MMU_PAGE_PRESENT)
		printf("     part of this table is %s\n",
		       mmu_page_state_name(mmu_entries_state(entries)));
	mmu_entries_close(entries);
}

/* An entry of which the image lacks the last byte: AVML leaves it out. */
static void print_known(const struct mmu_step_info *at)
{
	char least[6], most[6];

	if (!at->known_bytes)
		return;
	printf("     the image lacks this entry's last byte: its low %u bits are 0x%0*" PRIx64,
	       8 * at->known_bytes, 2 * at->known_bytes, at->known);
	if (at->has_known_kind && at->has_known_pa)
		printf(", %s at 0x%" PRIx64, at->known_kind == MMU_KIND_TABLE ? "table" : "page",
		       at->known_pa);
	else if (at->has_known_kind)
		printf(", %s", tool_kind((enum mmu_kind)at->known_kind));
	if (at->has_known_kind && at->rights_least == at->rights_most && at->rights_most)
		printf(", rights %s", mmu_rights_text(at->rights_most, most));
	else if (at->has_known_kind && at->rights_most)
		printf(", rights between %s and %s", mmu_rights_text(at->rights_least, least),
		       mmu_rights_text(at->rights_most, most));
	printf("\n");
}

static void print_step(const struct show *show, struct mmu_space *space,
		       const struct mmu_regime *regime, const struct mmu_step *step)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	char target[128], own[6], so_far[6];

	printf("%s%-4s%s table 0x%09" PRIx64 " [%3" PRIu64 "]  slot 0x%09" PRIx64 "  ",
	       tool_colour(TOOL_BOLD), regime->format->level[at->level].name,
	       tool_colour(TOOL_PLAIN), at->table_pa, at->index, at->slot_pa);
	if (!at->readable) {
		printf("%s%s%s\n", tool_colour(TOOL_BAD), mmu_page_state_name(at->slot_state),
		       tool_colour(TOOL_PLAIN));
		print_known(at);
		return;
	}
	printf("= 0x%0*" PRIx64 "\n", 2 * regime->format->entry_bytes, at->raw);
	if (at->probe)
		printf("     in the group of %u slots: %s\n", at->nr_slots, at->probe);
	if (entry->kind == MMU_KIND_TABLE || entry->kind == MMU_KIND_LEAF)
		printf("     %-36s rights %s  so far %s\n", show_target(regime, step, target),
		       mmu_rights_text(entry->rights, own), mmu_rights_text(at->effective, so_far));
	else
		printf("     %s\n", show_target(regime, step, target));
	show_entry_text(regime, step, "     ");
	if (show->tables)
		print_table(space, regime, at->level, at->table_pa, at->index);
}

/* ------------------------------------------------------------------ the answer */

const char *show_denier(const struct mmu_regime *regime, const struct mmu_walk *walk,
			unsigned int bit)
{
	unsigned int level = mmu_walk_denied_by(walk, (enum mmu_right)(1u << bit));

	return level == MMU_DENIED_BY_REGIME ? regime->name : regime->format->level[level].name;
}

static void print_denials(const struct mmu_regime *regime, const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	static const char *const names[] = { "read", "write", "user execute", "kernel execute",
					     "user access" };
	const char *before = "\n     ";

	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++) {
		if (info->rights >> bit & 1)
			continue;
		printf("%sno %s (%s)", before, names[bit], show_denier(regime, walk, bit));
		before = ", ";
	}
}

static const char *reason(enum mmu_result result)
{
	static const char *const reasons[] = {
		[MMU_RESULT_EMPTY] = "nothing was ever mapped here, or it was unmapped",
		[MMU_RESULT_SWAPPED] = "in swap space",
		[MMU_RESULT_PROTNONE] = "the page is there, access is switched off (PROT_NONE)",
		[MMU_RESULT_NUMA] = "the page is there, NUMA balancing waits for the next touch",
		[MMU_RESULT_MIGRATION] = "being moved to another page",
		[MMU_RESULT_HWPOISON] = "the memory behind it is broken",
		[MMU_RESULT_DEVICE] = "the page lies in a device's memory",
		[MMU_RESULT_MARKER] = "a marker that Linux keeps instead of a page",
		[MMU_RESULT_HIDDEN] = "the page is there, the kernel took it out of its own map",
		[MMU_RESULT_BAD_ENTRY] = "neither hardware nor Linux would write this entry",
		[MMU_RESULT_NONCANONICAL] = "no such address in this format",
		[MMU_RESULT_FILTERED] = "the table was left out of the dump",
		[MMU_RESULT_TRUNCATED] = "the file ends before the table",
		[MMU_RESULT_OUTSIDE_RAM] = "the table lies where the image has no memory",
		[MMU_RESULT_UNREADABLE] = "the table's bytes can't be had",
	};

	return (size_t)result < sizeof(reasons) / sizeof(reasons[0]) && reasons[result]
		       ? reasons[result]
		       : mmu_result_name(result);
}

void show_result_text(const struct mmu_regime *regime, const struct mmu_walk *walk,
		      const struct mmu_meaning *meaning)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	char rights[6];
	bool mapped = info->result == MMU_RESULT_MAPPED;
	const struct mmu_step *last = info->nr_steps ? mmu_walk_step(walk, info->nr_steps - 1)
						     : NULL;

	printf("%s%s%s", tool_colour(mapped ? TOOL_GOOD : TOOL_BAD), mmu_result_name(info->result),
	       tool_colour(TOOL_PLAIN));
	printf(":");
	if (!mapped && !(meaning && show_next(meaning)))
		printf(" %s", reason(info->result));
	if (info->has_swap)
		printf("; type %u%s, offset 0x%" PRIx64, info->swap_type,
		       info->assumed ? " (assumed)" : "", info->swap_offset);
	if (info->has_target)
		printf("; physical 0x%" PRIx64, info->target_pa);
	if (info->has_pa)
		printf("%s physical %s0x%" PRIx64 "%s, %s page", mapped ? "" : ";",
		       tool_colour(TOOL_BOLD), info->pa, tool_colour(TOOL_PLAIN),
		       tool_size(info->page_bytes));
	if (mapped) {
		printf(", rights %s", mmu_rights_text(info->rights, rights));
		print_denials(regime, walk);
	}
	printf("\n");
	if (info->note && (!last || info->note != mmu_step_entry(last)->note))
		printf("     note: %s\n", info->note);
	if (meaning)
		show_meaning_text(meaning);
}

void show_assumed_text(const struct mmu_arch *arch, const struct mmu_regime *regime)
{
	bool none = true;

	if (!arch->nr_traits)
		return;
	printf("%sassumed:", tool_colour(TOOL_DIM));
	for (size_t i = 0; i < arch->nr_traits; i++) {
		if (regime->traits & arch->traits[i].bit) {
			printf(" %s", arch->traits[i].name);
			none = false;
		}
	}
	printf("%s, as no kernel is known%s\n", none ? " no trait" : "", tool_colour(TOOL_PLAIN));
}

/* ------------------------------------------------------------------ a whole walk */

static void print_vma(const struct mmu_vma_info *vma)
{
	char rights[5];

	printf("   in VMA 0x%" PRIx64 "-0x%" PRIx64 " %s ", vma->first_va, vma->last_va,
	       tool_vma_rights(vma, rights));
	if (vma->has_offset)
		printf("offset 0x%" PRIx64 " ", vma->offset_bytes);
	printf("%s%s\n", vma->named == MMU_VMA_NAME_PART ? "(incomplete) " : "",
	       tool_vma_name(vma));
}

/* @param error  why the meaning is not known, or NULL */
static void print_head(struct mmu_space *space, const struct mmu_walk *walk,
		       const struct mmu_meaning *meaning, const struct mmu_error *error)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = tool_regime(space, walk);
	const struct mmu_task *task = mmu_space_task(space);

	printf("%sva 0x%" PRIx64 "%s", tool_colour(TOOL_BOLD), info->va, tool_colour(TOOL_PLAIN));
	if (task)
		printf("  pid %d (%s)", task->pid, tool_safe(task->comm));
	printf("  %s %s, root 0x%" PRIx64 "\n", mmu_space_arch(space)->name, regime->format->name,
	       regime->root_pa);
	if (error)
		printf("   VMA not known: %s\n", mmu_error_message(error));
	else if (meaning->vma)
		print_vma(meaning->vma);
}

static void print_value(const struct show *show, struct mmu_space *space, uint64_t va)
{
	char text[64];

	if (!show->type)
		return;
	if (tool_type_read(show->type, show->big_endian, space, va, text, NULL))
		printf("value %s\n", text);
	else
		printf("value: its bytes are not there to be read\n");
}

static void print_brief(const struct show *show, struct mmu_space *space,
			const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	char rights[6], text[64];

	printf("0x%016" PRIx64 " %s", info->va, mmu_result_name(info->result));
	if (info->has_pa)
		printf(" 0x%" PRIx64 " %" PRIu64 " %s", info->pa, info->page_bytes,
		       mmu_rights_text(info->rights, rights));
	if (info->has_pa && info->page_state != MMU_PAGE_PRESENT)
		printf(" (%s)", mmu_page_state_name(info->page_state));
	if (info->has_swap)
		printf(" type %u offset 0x%" PRIx64, info->swap_type, info->swap_offset);
	if (info->has_target)
		printf(" physical 0x%" PRIx64, info->target_pa);
	if (info->assumed)
		printf(" (assumed)");
	if (show->type && tool_type_read(show->type, show->big_endian, space, info->va, text, NULL))
		printf(" value %s", text);
	printf("\n");
}

void show_text(struct show *show, struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = tool_regime(space, walk);
	const struct mmu_meaning *meaning = NULL;

	if (show->brief) {
		print_brief(show, space, walk);
		return;
	}
	if (show->shown++)
		printf("\n");
	struct mmu_error *error = mmu_space_meaning(space, walk, &meaning);
	print_head(space, walk, meaning, error);
	mmu_error_destroy(error);
	if (show->assumed && show->shown == 1)
		show_assumed_text(mmu_space_arch(space), regime);
	show_ruler(mmu_space_arch(space), regime, info->va, 0);
	for (unsigned int i = 0; i < info->nr_steps; i++)
		print_step(show, space, regime, mmu_walk_step(walk, i));
	show_result_text(regime, walk, meaning);
	if (info->has_pa && info->page_state != MMU_PAGE_PRESENT)
		printf("     the page's bytes are not in the image: %s\n",
		       mmu_page_state_name(info->page_state));
	print_value(show, space, info->va);
}
