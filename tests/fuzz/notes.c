/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Notes of a dump, and VMCOREINFO in them. The first byte: big-endian, or not. */
#include <string.h>

#include "facts/facts.h"
#include "fuzz/fuzz.h"
#include "image/reader.h"
#include "support/build_image.h"

static uint64_t sum; /* what is read must be read */

static void touch(const void *data, size_t bytes)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < bytes; i++)
		sum += at[i];
}

/* What facts make of VMCOREINFO. */
static void ask(const struct mmu_image *image)
{
	static const char *const keys[] = { "SYMBOL(init_task)", "OFFSET(mm_struct.pgd)",
					    "SIZE(page)", "NUMBER(phys_base)", "KERNELOFFSET" };
	struct mmu_fact_store *store = NULL;
	struct mmu_error *error = mmu_fact_store_create(image, NULL, &store);
	uint64_t value;

	if (error) {
		FUZZ_CHECK(!strchr(mmu_error_message(error), '\n'));
		mmu_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		mmu_fact_get(store, keys[i], &value);
	mmu_fact_store_destroy(store);
}

static void close_nothing(struct mmu_image *image)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const struct mmu_image_reader none = { .name = "none", .close = close_nothing };
	struct mmu_image *image = calloc(1, sizeof(*image));

	FUZZ_CHECK(image);
	*image = (struct mmu_image){ .reader = &none, .page_bytes = 4096, .file = { .fd = -1 } };
	if (bytes) {
		image->big_endian = data[0] & 1;
		image->elf_class = data[0] & 2 ? 1 : 2;
		image->view.map = (struct mmu_bytes){ data + 1, bytes - 1 };
		image->view.bytes = bytes - 1;
	}
	struct mmu_error *error = mmu_image_add_notes(image, image->view.map);
	if (error)
		FUZZ_CHECK(!strchr(mmu_error_message(error), '\n'));
	mmu_error_destroy(error);
	for (size_t i = 0; i < image->nr_notes; i++) {
		touch(image->notes[i].name, strlen(image->notes[i].name));
		touch(image->notes[i].desc.data, image->notes[i].desc.count);
	}
	touch(image->vmcoreinfo.data, image->vmcoreinfo.count);
	ask(image);
	if (image->warning)
		FUZZ_CHECK(!strchr(image->warning, '\n'));
	mmu_image_close(image);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	uint64_t at = 1;

	max = max < 2048 ? max : 2048;
	bytes = bytes < max ? bytes : max;
	if (bytes < 13 || fuzz_below(&random, 2))
		return LLVMFuzzerMutate(data, bytes, max);
	bool big = data[0] & 1;
	for (uint64_t pick = fuzz_below(&random, 4); pick; pick--) {
		uint64_t name = fuzz_get(data, bytes, at, 4, big);
		uint64_t desc = fuzz_get(data, bytes, at + 4, 4, big);

		if (at + name + desc + 24 > bytes)
			break;
		at += 12 + ((name + 3) & ~UINT64_C(3)) + ((desc + 3) & ~UINT64_C(3));
	}
	fuzz_change(&random, data, bytes, at + 4 * fuzz_below(&random, 3), 4, big);
	return bytes;
}

void fuzz_seeds(fuzz_seed_fn take)
{
	static const char text[] = "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(init_task)="
				   "ffffffff81000000\n"
				   "OFFSET(mm_struct.pgd)=72\nSIZE(page)=64\nNUMBER(phys_base)=-"
				   "16\n"
				   "KERNELOFFSET=1000000\nBUILD-ID=0123456789abcdef0123\n"
				   "CRASHTIME=1700000000\n";
	static const uint8_t status[336] = { 1 };

	for (unsigned int way = 0; way < 4; way++) {
		struct build_buffer buffer = { 0 };
		char seed_name[16];
		size_t at = 1;

		build_put_uint(&buffer, 0, 1, false, way);
		at = build_note(&buffer, at, way & 1, "CORE", 1, status, sizeof(status));
		at = build_note(&buffer, at, way & 1, "QEMU", 0, status, 200);
		build_note(&buffer, at, way & 1, "VMCOREINFO", 0, text, sizeof(text) - 1);
		snprintf(seed_name, sizeof(seed_name), "notes-%u", way);
		take(seed_name, buffer.data, buffer.bytes);
		free(buffer.data);
	}
}
