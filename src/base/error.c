/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Error objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct mmu_error {
	enum mmu_error_kind code;
	char *message;
	enum mmu_remedy remedy;
	enum mmu_address_kind address_kind;
	enum mmu_page_state page_state;
	uint64_t address;
	char *object;
	uint64_t object_va;
};

static struct mmu_error no_memory = { .code = MMU_ERROR_NO_MEMORY,
				      .message = (char *)"out of memory" };

enum mmu_error_kind mmu_error_code(const struct mmu_error *error)
{
	return error->code;
}

const char *mmu_error_message(const struct mmu_error *error)
{
	return error->message;
}

enum mmu_remedy mmu_error_get_remedy(const struct mmu_error *error)
{
	return error->remedy;
}

enum mmu_address_kind mmu_error_address(const struct mmu_error *error, uint64_t *ret)
{
	if (error->address_kind != MMU_ADDRESS_NONE && ret)
		*ret = error->address;
	return error->address_kind;
}

enum mmu_page_state mmu_error_page_state(const struct mmu_error *error)
{
	return error->page_state;
}

const char *mmu_error_object(const struct mmu_error *error, uint64_t *ret_va)
{
	if (error->object && ret_va)
		*ret_va = error->object_va;
	return error->object;
}

void mmu_error_destroy(struct mmu_error *error)
{
	if (!error || error == &no_memory)
		return;
	free(error->message);
	free(error->object);
	free(error);
}

struct mmu_error *mmu_error_no_memory(void)
{
	return &no_memory;
}

static struct mmu_error *error_take(enum mmu_error_kind code, char *message)
{
	struct mmu_error *error = message ? calloc(1, sizeof(*error)) : NULL;

	if (!error) {
		free(message);
		return &no_memory;
	}
	error->code = code;
	error->message = message;
	return error;
}

static MMU_PRINTF(1, 0) char *format_text(const char *format, va_list args)
{
	char *text = NULL;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

struct mmu_error *mmu_error_new(enum mmu_error_kind code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *message = format_text(format, args);
	va_end(args);
	return error_take(code, message);
}

/* Put "front: " before `back`. */
static char *join(char *front, const char *back)
{
	char *message = NULL;

	if (front && asprintf(&message, "%s: %s", front, back) < 0)
		message = NULL;
	free(front);
	return message;
}

struct mmu_error *mmu_error_os(int os_errno, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *front = format_text(format, args);
	va_end(args);
	return error_take(MMU_ERROR_OS, join(front, strerror(os_errno)));
}

static bool can_change(const struct mmu_error *error)
{
	return error && error != &no_memory;
}

static struct mmu_error *set_message(struct mmu_error *error, char *message)
{
	if (!message)
		return error; /* the old message is better than none */
	free(error->message);
	error->message = message;
	return error;
}

struct mmu_error *mmu_error_context(struct mmu_error *error, const char *format, ...)
{
	va_list args;

	if (!can_change(error))
		return error;
	va_start(args, format);
	char *front = format_text(format, args);
	va_end(args);
	return set_message(error, join(front, error->message));
}

struct mmu_error *mmu_error_reword(struct mmu_error *error, const char *format, ...)
{
	va_list args;

	if (!can_change(error))
		return error;
	va_start(args, format);
	char *message = format_text(format, args);
	va_end(args);
	return set_message(error, message);
}

struct mmu_error *mmu_error_as(struct mmu_error *error, enum mmu_error_kind code)
{
	if (can_change(error))
		error->code = code;
	return error;
}

struct mmu_error *mmu_error_remedy(struct mmu_error *error, enum mmu_remedy remedy)
{
	if (can_change(error))
		error->remedy = remedy;
	return error;
}

struct mmu_error *mmu_error_at_phys(struct mmu_error *error, uint64_t pa, enum mmu_page_state state)
{
	if (can_change(error)) {
		error->address_kind = MMU_ADDRESS_PHYSICAL;
		error->address = pa;
		error->page_state = state;
	}
	return error;
}

struct mmu_error *mmu_error_at_virt(struct mmu_error *error, uint64_t va)
{
	if (can_change(error)) {
		error->address_kind = MMU_ADDRESS_VIRTUAL;
		error->address = va;
	}
	return error;
}

struct mmu_error *mmu_error_of(struct mmu_error *error, const char *object, uint64_t object_va)
{
	if (can_change(error)) {
		free(error->object);
		error->object = strdup(object); /* without memory the message still says it */
		error->object_va = object_va;
	}
	return error;
}

struct mmu_error *mmu_error_copy(const struct mmu_error *error)
{
	if (!can_change(error))
		return (struct mmu_error *)error;
	struct mmu_error *ret = error_take(error->code, strdup(error->message));

	if (ret == &no_memory)
		return ret;
	ret->remedy = error->remedy;
	ret->address_kind = error->address_kind;
	ret->address = error->address;
	ret->page_state = error->page_state;
	return error->object ? mmu_error_of(ret, error->object, error->object_va) : ret;
}
