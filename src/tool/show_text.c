/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A walk as text: the ruler of the address, each level, the answer. */
#include <inttypes.h>
#include <string.h>

#include "show.h"

/* ------------------------------------------------------------------ the bit ruler */

/* One field of an address: bits last..first and what they choose. */
struct field {
	unsigned int first, last;
	const char *colour;
	char label[96];
};

static unsigned int fields_of(const struct mmu_arch *arch, const struct mmu_regime *regime,
			      uint64_t va, struct field fields[MMU_LEVELS_MAX + 2])
{
	unsigned int count = 0, top = mmu_regime_va_bits(regime), page_lg2 = regime->shape[0].shift;
	uint64_t offset = va & (((uint64_t)1 << page_lg2) - 1);

	if (arch->elf_class == 2 && top < 64) {
		fields[count] = (struct field){ .first = top, .last = 63, .colour = "" };
		snprintf(fields[count++].label, 96, "sign");
	}
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		const struct mmu_shape *shape = &regime->shape[level];
		uint64_t index = va >> shape->shift & (((uint64_t)1 << shape->index_bits) - 1);

		fields[count] = (struct field){ .first = shape->shift,
						.last = shape->shift + shape->index_bits - 1u,
						.colour = tool_level_colour(level) };
		snprintf(fields[count++].label, 96, "%s %" PRIu64,
			 regime->format->level[level].name, index);
	}
	fields[count] = (struct field){ .first = 0, .last = page_lg2 - 1u, .colour = "" };
	snprintf(fields[count++].label, 96, "offset 0x%0*" PRIx64, ((int)page_lg2 + 3) / 4, offset);
	return count;
}

static int field_width(const struct field *field)
{
	int bits = (int)(field->last - field->first + 1), label = (int)strlen(field->label);

	return label > bits ? label : bits;
}

/* In a field's colour; no blanks at the end of a line: people paste this. */
static void print_cell(const struct field *field, const char *text, bool last)
{
	printf("%s%s%s%*s", field->colour, text, *field->colour ? tool_colour(TOOL_PLAIN) : "",
	       last ? 0 : field_width(field) + 1 - (int)strlen(text), "");
}

/* Three lines: bit numbers, bits, what each field chooses. */
static void print_ruler_lines(const struct field *fields, unsigned int count, uint64_t va)
{
	printf("  %s", tool_colour(TOOL_DIM));
	for (unsigned int i = 0; i < count; i++) {
		char last[8];
		int bytes = snprintf(last, sizeof(last), "%u", fields[i].last);

		printf("%s%*u%s", last, field_width(&fields[i]) - bytes, fields[i].first,
		       i + 1 < count ? " " : "");
	}
	printf("%s\n  ", tool_colour(TOOL_PLAIN));
	for (unsigned int i = 0; i < count; i++) {
		unsigned int width = fields[i].last - fields[i].first + 1;
		char digits[65];

		for (unsigned int bit = 0; bit < width; bit++)
			digits[bit] = '0' + (char)(va >> (fields[i].last - bit) & 1);
		digits[width] = '\0';
		print_cell(&fields[i], digits, i + 1 == count);
	}
	printf("\n  ");
	for (unsigned int i = 0; i < count; i++)
		print_cell(&fields[i], fields[i].label, i + 1 == count);
	printf("\n");
}

void show_ruler(const struct mmu_arch *arch, const struct mmu_regime *regime, uint64_t va)
{
	struct field fields[MMU_LEVELS_MAX + 2];
	unsigned int count, begun = 0;
	int columns = (int)tool_columns(), wide = 2;

	if (regime->format->kind == MMU_FORMAT_HASHED) /* no bits of an address are an index */
		return;
	count = fields_of(arch, regime, va, fields);
	for (unsigned int i = 0; i < count; i++) {
		if (i > begun && wide + field_width(&fields[i]) > columns) {
			print_ruler_lines(fields + begun, i - begun, va);
			begun = i;
			wide = 2;
		}
		wide += field_width(&fields[i]) + 1;
	}
	print_ruler_lines(fields + begun, count - begun, va);
}

/* ------------------------------------------------------------------ levels */

/* Where an entry lies, and its value: beside each other, or below on a narrow terminal. */
static void print_place(const struct mmu_regime *regime, const struct mmu_step_info *at)
{
	const char *colour = tool_level_colour(at->level); /* that of its bits in the ruler */
	bool narrow = tool_narrow();
	char value[32];

	if (at->readable)
		snprintf(value, sizeof(value), "= 0x%0*" PRIx64, 2 * regime->format->entry_bytes,
			 at->raw);
	printf("%s%-4s%s table 0x%09" PRIx64 " %s[%*" PRIu64 "]%s  slot 0x%09" PRIx64 "%s", colour,
	       regime->format->level[at->level].name, tool_colour(TOOL_PLAIN), at->table_pa, colour,
	       narrow ? 0 : 3, at->index, tool_colour(TOOL_PLAIN), at->slot_pa,
	       narrow ? "\n     " : "  ");
	if (at->readable)
		printf("%s\n", value);
	else
		printf("%s%s%s\n", tool_colour(TOOL_BAD), mmu_page_state_name(at->slot_state),
		       tool_colour(TOOL_PLAIN));
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

void show_step_text(const struct show *show, struct mmu_space *space,
		    const struct mmu_regime *regime, uint64_t va, const struct mmu_step *step)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	char so_far[6];

	print_place(regime, at);
	if (!at->readable) {
		print_known(at);
		return;
	}
	if (at->probe)
		printf("     in the group of %u slots: %s\n", at->nr_slots, at->probe);
	show_target_text(regime, step, mmu_rights_text(at->effective, so_far));
	show_entry_text(regime, step, "     ");
	if (show->tables)
		show_table_text(show, space, regime, va, at);
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
static void print_head(const struct show *show, struct mmu_space *space,
		       const struct mmu_walk *walk, const struct mmu_meaning *meaning,
		       const struct mmu_error *error)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = tool_regime(space, walk);
	const struct mmu_task *task = mmu_space_task(space);

	printf("%sva 0x%" PRIx64 "%s", tool_colour(TOOL_BOLD), info->va, tool_colour(TOOL_PLAIN));
	show_names_text(show);
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
		printf("value: its bytes are not there to be read (%s)\n",
		       show_missing_value(show, space, va));
}

/* Where hardware walks another table than Linux keeps: what that says of the same address. */
static void print_hardware(const struct show *show, struct mmu_space *space,
			   const struct mmu_walk *walk)
{
	uint64_t va = mmu_walk_get(walk)->va;
	struct mmu_walk *hardware = tool_walk_create();

	if (mmu_space_walk_hardware(space, va, hardware)) {
		const struct mmu_walk_info *info = mmu_walk_get(hardware);
		char rights[6];

		printf("hardware's own table: %s, %s\n", info->regime->name,
		       show_hardware_verdict(walk, hardware));
		for (unsigned int i = 0; i < info->nr_steps; i++)
			show_step_text(show, space, info->regime, va, mmu_walk_step(hardware, i));
		if (info->has_pa)
			printf("     physical 0x%" PRIx64 ", %s page, rights %s\n", info->pa,
			       tool_size(info->page_bytes), mmu_rights_text(info->rights, rights));
	}
	mmu_walk_destroy(hardware);
}

void show_text(struct show *show, struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = tool_regime(space, walk);
	const struct mmu_meaning *meaning = NULL;

	if (show->brief) {
		show_brief(show, space, info);
		return;
	}
	if (show->shown++)
		printf("\n");
	struct mmu_error *error = mmu_space_meaning(space, walk, &meaning);
	print_head(show, space, walk, meaning, error);
	mmu_error_destroy(error);
	if (show->assumed && show->shown == 1)
		show_assumed_text(mmu_space_arch(space), regime);
	show_ruler(mmu_space_arch(space), regime, info->va);
	for (unsigned int i = 0; i < info->nr_steps; i++) {
		show_step_text(show, space, regime, info->va, mmu_walk_step(walk, i));
		if (show->slots_va)
			show_slot_text(show, regime, mmu_step_get(mmu_walk_step(walk, i)),
				       info->va);
	}
	show_result_text(regime, walk, meaning);
	if (regime->view == MMU_VIEW_LINUX)
		print_hardware(show, space, walk);
	if (info->has_pa && info->page_state != MMU_PAGE_PRESENT)
		printf("     the page's bytes are not in the image: %s\n",
		       mmu_page_state_name(info->page_state));
	print_value(show, space, info->va);
}
