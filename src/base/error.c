/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Error objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct mmu_error {
	enum mmu_error_code code;
	char *message;
};

static struct mmu_error no_memory = { MMU_ERROR_NO_MEMORY, (char *)"out of memory" };

enum mmu_error_code mmu_error_code(const struct mmu_error *error)
{
	return error->code;
}

const char *mmu_error_message(const struct mmu_error *error)
{
	return error->message;
}

void mmu_error_destroy(struct mmu_error *error)
{
	if (!error || error == &no_memory)
		return;
	free(error->message);
	free(error);
}

struct mmu_error *mmu_error_no_memory(void)
{
	return &no_memory;
}

static struct mmu_error *error_take(enum mmu_error_code code, char *message)
{
	struct mmu_error *error = message ? malloc(sizeof(*error)) : NULL;

	if (!error) {
		free(message);
		return &no_memory;
	}
	*error = (struct mmu_error){ code, message };
	return error;
}

static MMU_PRINTF(1, 0) char *format_text(const char *format, va_list args)
{
	char *text = NULL;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

struct mmu_error *mmu_error_new(enum mmu_error_code code, const char *format, ...)
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

struct mmu_error *mmu_error_context(struct mmu_error *error, const char *format, ...)
{
	va_list args;

	if (!error || error == &no_memory)
		return error;
	va_start(args, format);
	char *front = format_text(format, args);
	va_end(args);
	char *message = join(front, error->message);
	if (!message)
		return error; /* the old message is better than none */
	free(error->message);
	error->message = message;
	return error;
}

struct mmu_error *mmu_error_as(struct mmu_error *error, enum mmu_error_code code)
{
	if (error && error != &no_memory)
		error->code = code;
	return error;
}
