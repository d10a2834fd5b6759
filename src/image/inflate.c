/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Loading zlib. */
#include <pthread.h>

#include "image/inflate.h"
#include "image/lazy.h"

static struct mmu_zlib functions;
static bool loaded;

static void load(void)
{
	void *library = mmu_lazy_library(MMU_LAZY_Z);

	loaded = mmu_lazy_function(library, "inflateInit2_", &functions.init) &&
		 mmu_lazy_function(library, "inflate", &functions.inflate) &&
		 mmu_lazy_function(library, "inflateReset", &functions.reset) &&
		 mmu_lazy_function(library, "inflateEnd", &functions.end) &&
		 mmu_lazy_function(library, "adler32", &functions.adler32);
}

const struct mmu_zlib *mmu_zlib(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return loaded ? &functions : NULL;
}
