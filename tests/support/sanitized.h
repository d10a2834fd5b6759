/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Is this a build with a sanitizer? It looks for other faults, slowly: tests do less. */
#ifndef MMU_SUPPORT_SANITIZED_H
#define MMU_SUPPORT_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#define TEST_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define TEST_SANITIZED 0
#endif

#endif
