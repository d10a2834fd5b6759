/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Changing image files where their numbers stand. */
#ifndef MMU_FUZZ_IMAGE_MUTATOR_H
#define MMU_FUZZ_IMAGE_MUTATOR_H

#include "fuzz/fuzz.h"

/** Change one number of a header, a segment, a descriptor, a record; whatever format it is. */
void image_mutate(struct fuzz_random *random, uint8_t *data, size_t bytes);

#endif
