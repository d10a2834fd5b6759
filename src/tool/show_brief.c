/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file An answer in one line, and many of them. */
#include <inttypes.h>
#include <string.h>

#include "show.h"

/* Longer is no line without what most don't have. */
#define LINE_BYTES 128u

void show_pid_text(const struct show *show, const struct mmu_space *space)
{
	if (show->with_pid && mmu_space_task(space))
		printf("pid %d ", tool_space_pid(space));
}

void show_names_text(const struct show *show)
{
	if (show->symbol)
		printf(" symbol %s", tool_safe(show->symbol));
	if (show->label && *show->label)
		printf(" label %s", tool_safe(show->label));
}

/* What most lines of a list do not have. */
static void print_rest(const struct show *show, struct mmu_space *space,
		       const struct mmu_walk_info *info)
{
	char text[64];

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
	else if (show->type)
		printf(" no value (%s)", show_missing_value(show, space, info->va));
	show_names_text(show);
	putchar('\n');
}

static bool has_rest(const struct mmu_walk_info *info)
{
	return info->page_state != MMU_PAGE_PRESENT || info->has_swap || info->has_target ||
	       info->assumed;
}

/* Most lines of a list say the same of other addresses. */
static void make_words(struct show_words *words, const struct mmu_walk_info *info)
{
	const char *result = mmu_result_name(info->result);
	char rights[6], *at = words->before;

	words->result = info->result;
	words->rights = info->rights;
	words->page_bytes = info->page_bytes;
	words->has_pa = info->has_pa;
	words->known = true;
	*at++ = ' ';
	at = mempcpy(at, result, strnlen(result, sizeof(words->before) - 2));
	if (info->has_pa)
		*at++ = ' ';
	words->before_bytes = (unsigned int)(at - words->before);
	at = words->behind;
	if (info->has_pa) {
		*at++ = ' ';
		at = tool_put_number(at, info->page_bytes);
		*at++ = ' ';
		at = stpcpy(at, mmu_rights_text(info->rights, rights));
	}
	words->behind_bytes = (unsigned int)(at - words->behind);
}

/* The line without its end. A list has many of them: without printf(). */
static char *put_line(struct show_words *words, char *at, const struct mmu_walk_info *info)
{
	if (!words->known || words->result != info->result || words->rights != info->rights ||
	    words->page_bytes != info->page_bytes || words->has_pa != info->has_pa)
		make_words(words, info);
	at = tool_put_hex(at, info->va, 16);
	memcpy(at, words->before, sizeof(words->before)); /* so many in one go */
	at += words->before_bytes;
	if (info->has_pa)
		at = tool_put_hex(at, info->pa, 1);
	memcpy(at, words->behind, sizeof(words->behind));
	return at + words->behind_bytes;
}

void show_brief(const struct show *show, struct mmu_space *space, const struct mmu_walk_info *info)
{
	struct show_words words = { .known = false };
	char line[LINE_BYTES];

	show_pid_text(show, space);
	fwrite_unlocked(line, 1, (size_t)(put_line(&words, line, info) - line), stdout);
	print_rest(show, space, info);
}

void show_lines_flush(struct show_lines *lines)
{
	fwrite(lines->text, 1, lines->bytes, stdout);
	lines->bytes = 0;
}

void show_lines_add(const struct mmu_walk_info *info, void *context)
{
	struct show_lines *lines = context;

	lines->all_mapped &= info->result == MMU_RESULT_MAPPED;
	if (has_rest(info)) {
		show_lines_flush(lines);
		show_brief(lines->show, lines->space, info);
		return;
	}
	if (lines->bytes > sizeof(lines->text) - LINE_BYTES)
		show_lines_flush(lines);
	char *end = put_line(&lines->words, lines->text + lines->bytes, info);
	*end++ = '\n';
	lines->bytes = (size_t)(end - lines->text);
}
