/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file ELF notes, as every kind of dump has them, and VMCOREINFO within. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "image/reader.h"

/* 8192 CPUs with thirty notes each. */
#define NOTES_MAX 262144
#define NOTE_HEADER_BYTES 12
#define NAME_BYTES_MAX 256

static uint64_t align4(uint64_t bytes)
{
	return (bytes + 3) & ~UINT64_C(3);
}

static struct mmu_error *add_note(struct mmu_image *image, struct mmu_bytes name, uint32_t type,
				  struct mmu_bytes desc)
{
	if (!mmu_list_room(&image->notes, image->nr_notes, sizeof(*image->notes)))
		return mmu_error_no_memory();
	char *text = strndup((const char *)name.data, name.count);
	if (!text)
		return mmu_error_no_memory();
	image->notes[image->nr_notes++] = (struct mmu_note){ text, type, desc };
	if (!image->vmcoreinfo.data && type == 0 && !strcmp(text, "VMCOREINFO"))
		mmu_image_set_vmcoreinfo(image, desc);
	return NULL;
}

struct mmu_error *mmu_image_add_notes(struct mmu_image *image, struct mmu_bytes notes)
{
	uint64_t at = 0;

	while (mmu_bytes_fit(notes.count, at, NOTE_HEADER_BYTES)) {
		uint32_t name_bytes = mmu_get_u32(notes.data + at, image->big_endian);
		uint32_t desc_bytes = mmu_get_u32(notes.data + at + 4, image->big_endian);
		uint32_t type = mmu_get_u32(notes.data + at + 8, image->big_endian);
		struct mmu_bytes name, desc;

		at += NOTE_HEADER_BYTES;
		/* Linux pads the end of its notes with zeros. */
		if (!name_bytes && !desc_bytes && !type)
			break;
		if (name_bytes > NAME_BYTES_MAX || !mmu_bytes_slice(notes, at, name_bytes, &name) ||
		    !mmu_bytes_slice(notes, at + align4(name_bytes), desc_bytes, &desc)) {
			mmu_image_warn(image, "note %zu makes no sense, the rest is ignored",
				       image->nr_notes);
			break;
		}
		if (image->nr_notes >= NOTES_MAX) {
			mmu_image_warn(image, "more than %d notes, the rest is ignored", NOTES_MAX);
			break;
		}
		at += align4(name_bytes) + align4(desc_bytes);
		struct mmu_error *error = add_note(image, name, type, desc);
		if (error)
			return error;
	}
	return NULL;
}

void mmu_image_set_vmcoreinfo(struct mmu_image *image, struct mmu_bytes text)
{
	while (text.count && !text.data[text.count - 1])
		text.count--;
	if (text.count)
		image->vmcoreinfo = text;
}

uint32_t mmu_image_vmcoreinfo_page_bytes(const struct mmu_image *image)
{
	static const char key[] = "PAGESIZE=";
	const uint8_t *at = image->vmcoreinfo.data;
	const uint8_t *end = at ? at + image->vmcoreinfo.count : NULL;

	while (at < end) {
		const uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!line_end)
			line_end = end;
		if ((size_t)(line_end - at) >= sizeof(key) - 1 &&
		    !memcmp(at, key, sizeof(key) - 1)) {
			uint32_t bytes = 0;

			for (at += sizeof(key) - 1; at < line_end && bytes < (1u << 24); at++) {
				if (*at < '0' || *at > '9')
					break;
				bytes = bytes * 10 + (*at - '0');
			}
			if (bytes >= 4096 && bytes <= (1u << 20) && !(bytes & (bytes - 1)))
				return bytes;
			break;
		}
		at = line_end + 1;
	}
	return 4096;
}
