/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Whether this is a build for tests, whose run-time makes calls that we never make. */
#ifndef MMU_BASE_INSTRUMENTED_H
#define MMU_BASE_INSTRUMENTED_H

/* gcc tells of two sanitizers only; meson.build knows of all, and of coverage. */
#if defined(MMU_SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MMU_INSTRUMENTED 1
#else
#define MMU_INSTRUMENTED 0
#endif

#endif
