/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the parts of the guest's init share. */
#ifndef MMUSCOPE_VM_GUEST_H
#define MMUSCOPE_VM_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#define PAGE_BYTES_MAX 65536
#define HUGE_STEP 37 /* so many of a huge page's small pages get content that is checked */
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define THP "/sys/kernel/mm/transparent_hugepage/"
#define OTHER_SWAP "/dev/vda2"
#define ROWS "/tmp/rows" /* rows that the processes write themselves: L and C */

/** Of a page; of a transparent huge page; of a page of hugetlbfs, if not asked for another. */
extern unsigned long page_bytes, huge_bytes, hugetlb_bytes;

/** A line on the console. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Write a line into a file, where this kernel has it. */
void set(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The number that a file begins with, or 0. */
unsigned long number_in(const char *path);

/** The number behind mmuscope.NAME= on the kernel command line, or 0. */
uint64_t parameter(const char *name);

/* ------------------------------------------------------------------------------- mappings */

/** File descriptor of ROWS. */
extern int rows;

/** Name of the last label of this process. */
extern char last_label[32];

/** A huge page that pagemap leaves out (report_left_out()), or NULL. */
extern char *left_out;

/** A row that names a mapping, or a place in one. */
void label(const char *name, const volatile void *at, uint64_t bytes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** The label of a mapping that can't be had here; errno says why. */
void failed(const char *name);

/** What the kernel says of a page of this process, as it lies in /proc/PID/pagemap. */
uint64_t pagemap_word(const void *at);

/** Pages that are there, but in no row of pagemap. */
void report_left_out(int pid, const char *at, size_t pages);

/** What a walk must say of pages, where pagemap does not; frame: of one page, 0: it has none. */
void expect(const char *at, size_t pages, const char *word, uint64_t frame);

/** A page that the kernel's own map of all memory leaves out. */
void report_hidden(const char *page);

/** What a readable page that is there holds. */
void report_content(const char *page);

/** Write to a page. No two pages of no two processes hold the same. */
void fill(char *page);

/** Fill pages from, from + step, ... below to, and report their content. */
void touch_pages(char *at, size_t from, size_t to, size_t step);

/** mmap() with a label; @return NULL: it failed. */
char *map_fd(const char *name, size_t pages, int prot, int flags, int fd, const char *note);

/** Anonymous memory for reading and writing. */
char *map(const char *name, size_t pages, const char *note);

/** Anonymous memory that begins where a huge page can, and wants to be one. */
char *map_huge(const char *name, size_t bytes, const char *note);

/** One mapping of every kind, in the process that calls. */
void make_mappings(void);

/** A task's name, its newlines, tabs and backslashes as JSON has them; empty: it is gone. */
void read_comm(int pid, char *ret, size_t size);

/* ------------------------------------------------------------------------------- processes */

/** A child that runs fn and sleeps; returns when fn is through. @return its pid; below 0: none */
int spawn(const char *name, void (*fn)(void));

/** The same, with fn an exec: what it runs writes a byte to this descriptor when it is through. */
void hand_ready(int fd);

/** Threads that sleep. */
void start_threads(int count);

/** Processes of the kinds that few systems have. */
void start_special(void);

/** Make all processes and mappings; when it returns, they sleep. */
void start_processes(void);

/** Make mmuscope.tasks processes instead, one of them with mmuscope.large_mib of memory. */
void start_heavy(void);

/**
 * Tell QEMU where VMCOREINFO lies, on kernels that have no driver for that.
 * @param fwcfg_pa  physical address of fw_cfg's registers
 */
void hand_over_vmcoreinfo(uint64_t fwcfg_pa);

/** Make a kernel ready that takes over when this one crashes. */
void load_crash_kernel(void);

/**
 * Hold walks of an image that is there only while we run to the truth.
 * @param what  before each line that is said of it
 */
void check_here(const char *what, char *image, char *truth);

/**
 * List the tasks of the running kernel while processes and threads come and go: those that stay
 * must be listed each time, and nobody that never was.
 */
void check_churn(const char *what, char *image);

/** Crash: the other kernel takes over. */
void crash(void);

/** In the other kernel: check and send what is left of the first. @return false: not that one. */
bool send_vmcore(void);

/** Wait until a file of this pattern comes up. @return false: none does; else ret has its name. */
bool wait_for(const char *pattern, char *ret, size_t size);

#endif
