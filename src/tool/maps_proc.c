/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMAs as /proc/PID/maps prints them: show_map_vma() in fs/proc/task_mmu.c. */
#include <inttypes.h>
#include <unistd.h>

#include "proc.h"

/* include/linux/mm.h */
#define VM_READ 0x1u
#define VM_WRITE 0x2u
#define VM_EXEC 0x4u
#define VM_MAYSHARE 0x80u

/* A terminal would obey such a byte. */
static bool is_for_terminal(unsigned char byte)
{
	return (byte < ' ' || byte == 0x7f) && isatty(STDOUT_FILENO);
}

/*
 * seq_path() escapes a newline and nothing else of a path; other names have no newline. So it is
 * here, but for a terminal.
 */
static void print_name(FILE *out, const char *name)
{
	for (; *name; name++)
		if (*name == '\n' || is_for_terminal((unsigned char)*name))
			fprintf(out, "\\%03o", (unsigned char)*name);
		else
			fputc(*name, out);
}

/* @return bytes printed */
static int print_front(FILE *out, const struct mmu_vma_info *vma)
{
	int bytes = fprintf(out, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " ",
			    vma->first_va, vma->last_va + 1, vma->vm_flags & VM_READ ? 'r' : '-',
			    vma->vm_flags & VM_WRITE ? 'w' : '-',
			    vma->vm_flags & VM_EXEC ? 'x' : '-',
			    vma->vm_flags & VM_MAYSHARE ? 's' : 'p', vma->offset_bytes);

	if (vma->file_va && !vma->has_inode)
		return bytes + fprintf(out, "??:?? ? ");
	return bytes + fprintf(out, "%02x:%02x %" PRIu64 " ", vma->device_major, vma->device_minor,
			       vma->inode);
}

void proc_maps_line(FILE *out, const struct mmu_space *space, const struct mmu_vma_info *vma)
{
	unsigned int pointer_bytes = mmu_space_arch(space)->elf_class == 1 ? 4 : 8;
	/* seq_setwidth(), and one more blank of seq_pad() */
	int name_at = 25 + (int)pointer_bytes * 6 - 1;
	int at = print_front(out, vma);
	bool short_path = vma->named == MMU_VMA_NAME_PART || vma->named == MMU_VMA_NAME_LAST;
	bool nameless = vma->named == MMU_VMA_NAME_NONE;

	if (vma->file_va || vma->name_unknown || !nameless) {
		fprintf(out, "%*s", (at < name_at ? name_at - at : 0) + 1, "");
		if (nameless)
			fputc('?', out);
		if (short_path)
			fputs("?/", out);
		print_name(out, vma->name);
	}
	fputc('\n', out);
}
