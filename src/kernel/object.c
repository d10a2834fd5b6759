/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Objects of the kernel, read in as few pieces as there are. */
#include <string.h>

#include "kernel/object.h"

/* @return false: it is no member, or not known, or only its place matters */
static bool field_of(const struct mmu_layout *layout, size_t n, const void *fields,
		     struct mmu_field *ret)
{
	if (layout->defs[n].width == MMU_WIDTH_NUMBER)
		return false;
	memcpy(ret, (const char *)fields + layout->defs[n].to, sizeof(*ret));
	return ret->known && ret->bytes;
}

/* Some of it is missing: then field by field, for what lies between them does not matter. */
static struct mmu_error *read_fields(struct mmu_memory *memory, const struct mmu_layout *layout,
				     uint64_t va, const char *what, struct mmu_copy *copy)
{
	struct mmu_error *error = NULL;

	for (size_t i = 0; i < layout->nr_defs && !error; i++) {
		struct mmu_field field;

		if (field_of(layout, i, copy->fields, &field))
			error = mmu_memory_read_part(
				memory, va, field.offset,
				copy->bytes + (field.offset - copy->object.part.first), field.bytes,
				what);
	}
	return error;
}

/* @return false: some of it is missing */
static bool read_part(struct mmu_memory *memory, uint64_t va, const struct mmu_object_part *part,
		      struct mmu_copy *copy)
{
	uint8_t *to = copy->bytes + (part->first - copy->object.part.first);

	return mmu_memory_copy(memory, va + part->first, to, part->bytes) == part->bytes;
}

struct mmu_error *mmu_object_read(struct mmu_memory *memory, const struct mmu_layout *layout,
				  uint64_t va, const char *what, struct mmu_copy *ret)
{
	const struct mmu_object_parts *parts;
	struct mmu_error *error = mmu_layout_need(memory->kernel, layout, &ret->fields, &parts);
	size_t i = 0;

	if (error)
		return error;
	ret->object.copy = ret->bytes;
	ret->object.part = parts->whole;
	ret->object.big_endian = memory->kernel->big_endian;
	while (i < parts->nr && read_part(memory, va, &parts->part[i], ret))
		i++;
	if (i == parts->nr)
		return NULL;
	what = what ? what : layout->what;
	return read_fields(memory, layout, va, what, ret);
}

void mmu_object_pieces(const struct mmu_kernel *kernel, const struct mmu_layout *layout,
		       uint64_t va, mmu_piece_fn fn, void *context)
{
	const void *fields;
	struct mmu_error *error = mmu_layout_need(kernel, layout, &fields, NULL);

	mmu_error_destroy(error);
	for (size_t i = 0; !error && i < layout->nr_defs; i++) {
		struct mmu_field field;

		if (field_of(layout, i, fields, &field))
			fn(context, va + field.offset, field.bytes);
	}
}
