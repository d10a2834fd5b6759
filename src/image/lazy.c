/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Libraries loaded at first need, until no more may be loaded. */
#include "image/lazy.h"

bool mmu_lazy_closed;
