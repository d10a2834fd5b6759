/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tables of fields, looked up once; what threads share of it is under one lock. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "image/page_cache.h"
#include "kernel/layout.h"

/* What was looked up. Complete once it can be seen. */
struct slot {
	const struct mmu_layout *layout;
	struct mmu_error *error; /* what all who ask are told, or NULL */
	struct mmu_object_parts parts;
	max_align_t fields[];
};

struct mmu_layouts {
	pthread_mutex_t mutex; /* of those that look up */
	_Atomic(struct slot *) slots[MMU_LAYOUT_COUNT];
	_Atomic(struct mmu_page_cache *) picked;
};

struct mmu_error *mmu_layouts_create(struct mmu_layouts **ret)
{
	struct mmu_layouts *layouts = calloc(1, sizeof(*layouts));
	pthread_mutexattr_t attributes;

	if (!layouts)
		return mmu_error_no_memory();
	/* what is made once may need tables of fields itself */
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&layouts->mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
	*ret = layouts;
	return NULL;
}

void mmu_layouts_forget(struct mmu_layouts *layouts)
{
	for (size_t i = 0; i < MMU_LAYOUT_COUNT; i++) {
		struct slot *slot = atomic_exchange(&layouts->slots[i], NULL);

		if (slot && slot->layout->unmake)
			slot->layout->unmake(slot->fields);
		if (slot)
			mmu_error_destroy(slot->error);
		free(slot);
	}
}

void mmu_layouts_destroy(struct mmu_layouts *layouts)
{
	if (!layouts)
		return;
	mmu_layouts_forget(layouts);
	mmu_page_cache_destroy(atomic_load(&layouts->picked));
	pthread_mutex_destroy(&layouts->mutex);
	free(layouts);
}

struct mmu_page_cache *mmu_layouts_take_picked(struct mmu_layouts *layouts)
{
	return atomic_exchange(&layouts->picked, NULL);
}

void mmu_layouts_give_picked(struct mmu_layouts *layouts, struct mmu_page_cache *picked)
{
	if (picked)
		mmu_page_cache_destroy(atomic_exchange(&layouts->picked, picked));
}

static void look_up(const struct mmu_kernel *kernel, const struct mmu_layout *layout,
		    struct slot *slot)
{
	if (layout->make) {
		layout->make(kernel, slot->fields);
		return;
	}
	slot->error = mmu_fields_resolve(kernel->facts, layout->defs, layout->nr_defs,
					 slot->fields);
	if (slot->error)
		return;
	mmu_fields_parts(layout->defs, layout->nr_defs, slot->fields, &slot->parts);
	if (slot->parts.whole.bytes > MMU_COPY_BYTES_MAX)
		slot->error = mmu_error_new(MMU_ERROR_CORRUPT,
					    "%s: its members lie %" PRIu32 " bytes apart: no "
					    "object is so large",
					    layout->what, slot->parts.whole.bytes);
}

static struct slot *slot_of(const struct mmu_kernel *kernel, const struct mmu_layout *layout)
{
	struct mmu_layouts *layouts = kernel->layouts;
	struct slot *slot = atomic_load_explicit(&layouts->slots[layout->slot],
						 memory_order_acquire);

	if (slot)
		return slot;
	pthread_mutex_lock(&layouts->mutex);
	slot = atomic_load(&layouts->slots[layout->slot]);
	if (!slot && (slot = calloc(1, sizeof(*slot) + layout->bytes))) {
		slot->layout = layout;
		look_up(kernel, layout, slot);
		atomic_store_explicit(&layouts->slots[layout->slot], slot, memory_order_release);
	}
	pthread_mutex_unlock(&layouts->mutex);
	return slot;
}

struct mmu_error *mmu_layout_need(const struct mmu_kernel *kernel, const struct mmu_layout *layout,
				  const void **ret, const struct mmu_object_parts **ret_parts)
{
	struct slot *slot = slot_of(kernel, layout);

	if (!slot || slot->error) {
		struct mmu_error *error = slot ? mmu_error_new(mmu_error_code(slot->error), "%s",
							       mmu_error_message(slot->error))
					       : mmu_error_no_memory();

		/* who asks for what may be missing drops the error */
		if (mmu_error_code(error) == MMU_ERROR_NO_MEMORY)
			mmu_fact_store_set_no_memory(kernel->facts);
		return error;
	}
	*ret = slot->fields;
	if (ret_parts)
		*ret_parts = &slot->parts;
	return NULL;
}
