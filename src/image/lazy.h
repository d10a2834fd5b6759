/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Libraries loaded at first need: linking them would double the tool's start-up time. */
#ifndef MMU_IMAGE_LAZY_H
#define MMU_IMAGE_LAZY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The major versions whose headers we are built with: meson.build has the others. */
#define MMU_LAZY_SNAPPY "libsnappy.so.1"

/** From now on nothing is loaded that is not loaded already: the process may open no more files. */
extern bool mmu_lazy_closed;

/** A library, kept until the process ends; NULL when it can't be loaded. */
static inline void *mmu_lazy_library(const char *soname)
{
	return dlopen(soname,
		      RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE | (mmu_lazy_closed ? RTLD_NOLOAD : 0));
}

/**
 * Look a function up.
 * @param ret  a pointer to a function pointer; NULL when there is no library, or no function
 */
static inline bool mmu_lazy_function(void *library, const char *name, void *ret)
{
	void *function = library ? dlsym(library, name) : NULL;

	memcpy(ret, &function, sizeof(function));
	return function;
}

#endif
