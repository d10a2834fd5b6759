/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an answer means for the process, in words and as JSON. */
#include <inttypes.h>

#include "show.h"

static const struct {
	uint8_t right;
	const char *text;
} accesses[] = {
	{ MMU_RIGHT_READ, "read" },
	{ MMU_RIGHT_WRITE, "write" },
	{ MMU_RIGHT_EXEC, "execute" },
};

static const struct {
	enum mmu_why why;
	const char *key, *text;
} reasons[] = {
	{ MMU_WHY_ZERO_PAGE, "zero-page", "the zero page, a write brings a page of its own" },
	{ MMU_WHY_COPY_ON_WRITE, "copy-on-write",
	  "copy on write, a write brings a page of its own" },
	{ MMU_WHY_CLEAN, "clean", "a clean shared page, of which the first write is noted" },
	{ MMU_WHY_SOFT_DIRTY, "soft-dirty", "soft-dirty tracking, the first write is noted" },
	{ MMU_WHY_USERFAULTFD, "userfaultfd", "write-protected by userfaultfd" },
	{ MMU_WHY_READ_COMES_ALONG, "read-comes-along",
	  "tables can't withhold reading alone, as a protection key can" },
	{ MMU_WHY_EXEC_COMES_ALONG, "exec-comes-along",
	  "tables of this format have no bit that withholds execution" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void print_accesses(uint8_t rights)
{
	const char *before = "";

	for (size_t i = 0; i < COUNT(accesses); i++)
		if (rights & accesses[i].right) {
			printf("%s%s", before, accesses[i].text);
			before = ", ";
		}
}

static void print_why(uint32_t why)
{
	uint32_t along = MMU_WHY_READ_COMES_ALONG | MMU_WHY_EXEC_COMES_ALONG;
	const char *before = "";

	for (size_t i = 0; i < COUNT(reasons); i++)
		if (why & reasons[i].why) {
			printf("%s%s", before, reasons[i].text);
			before = why & along ? "; and " : "; or ";
		}
	if (why & (why - 1) & ~along)
		printf(" (which, the tables do not tell)");
	else if (!why)
		printf("no reason is known");
}

static void print_touch(const struct mmu_meaning *meaning)
{
	bool writes = meaning->allowed & MMU_RIGHT_WRITE;

	/* pages of files come and go by themselves, those of a process when it says so */
	if (meaning->next == MMU_NEXT_ZERO)
		printf(" not touched yet, or dropped; the next access brings a zero page");
	else if (meaning->has_file_page)
		printf(" not mapped now; the next access brings page %" PRIu64 " of %s",
		       meaning->file_page, tool_vma_name(meaning->vma));
	else
		printf(" not mapped now; the next access brings a page of %s",
		       tool_vma_name(meaning->vma));
	if (!writes)
		printf("; a write brings SIGSEGV");
	else if (meaning->next == MMU_NEXT_FILE && meaning->copies)
		printf(", a write a copy of it");
}

bool show_next(const struct mmu_meaning *meaning)
{
	switch (meaning->next) {
	case MMU_NEXT_ZERO:
	case MMU_NEXT_FILE:
		print_touch(meaning);
		return true;
	case MMU_NEXT_DRIVER:
		printf(" not mapped now; what the next access brings is up to %s",
		       meaning->vma->file_va ? "its driver" : "the kernel");
		return true;
	case MMU_NEXT_USERFAULTFD:
		printf(" not mapped now; the next access asks the program behind userfaultfd");
		return true;
	case MMU_NEXT_STACK:
		printf(" no VMA, but the stack above, 0x%" PRIx64 "-0x%" PRIx64 ", grows down to "
		       "here if its limit "
		       "allows",
		       meaning->stack_first_va, meaning->stack_last_va);
		return true;
	case MMU_NEXT_SIGSEGV:
		printf(meaning->vma ? " the VMA allows no access, which brings SIGSEGV"
				    : " no VMA, an access brings SIGSEGV");
		return true;
	default:
		return false;
	}
}

void show_meaning_text(const struct mmu_meaning *meaning)
{
	if (meaning->zero_page == MMU_ZERO_PAGE_HUGE ||
	    (meaning->zero_page && !(meaning->why_less & MMU_WHY_ZERO_PAGE)))
		printf("     the kernel's %szero page\n",
		       meaning->zero_page == MMU_ZERO_PAGE_HUGE ? "huge " : "");
	if (meaning->keyed)
		printf("     a protection key is set: the thread's own register may allow less\n");
	if (meaning->less) {
		printf("     the VMA allows ");
		print_accesses(meaning->less);
		printf(", the tables do not: ");
		print_why(meaning->why_less);
		printf("\n");
	}
	if (meaning->more) {
		printf("     the tables allow ");
		print_accesses(meaning->more);
		printf(", the VMA does not: ");
		print_why(meaning->why_more);
		printf("\n");
	}
}

static void difference_json(const char *key, uint8_t rights, uint32_t why)
{
	if (!rights)
		return;
	json_object(key);
	json_array("rights");
	for (size_t i = 0; i < COUNT(accesses); i++)
		if (rights & accesses[i].right)
			json_string(NULL, accesses[i].text);
	json_array_end();
	json_array("why");
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (why & reasons[i].why)
			json_string(NULL, reasons[i].key);
	json_array_end();
	json_object_end();
}

void show_meaning_json(const struct mmu_meaning *meaning)
{
	static const char *const next[] = {
		[MMU_NEXT_ZERO] = "zeros",    [MMU_NEXT_FILE] = "file",
		[MMU_NEXT_DRIVER] = "driver", [MMU_NEXT_USERFAULTFD] = "userfaultfd",
		[MMU_NEXT_STACK] = "stack",   [MMU_NEXT_SIGSEGV] = "sigsegv",
	};

	if (!meaning->next && !meaning->zero_page && !meaning->less && !meaning->more &&
	    !meaning->keyed)
		return;
	json_object("meaning");
	if (meaning->next)
		json_string("next", next[meaning->next]);
	if (meaning->has_file_page)
		json_number("file_page", (int64_t)meaning->file_page);
	if (meaning->next == MMU_NEXT_STACK) {
		json_hex("stack_first", meaning->stack_first_va);
		json_hex("stack_last", meaning->stack_last_va);
	}
	if (meaning->zero_page)
		json_string("zero_page",
			    meaning->zero_page == MMU_ZERO_PAGE_HUGE ? "huge" : "base");
	if (meaning->keyed)
		json_bool("protection_key", true);
	difference_json("vma_allows", meaning->less, meaning->why_less);
	difference_json("tables_allow", meaning->more, meaning->why_more);
	json_object_end();
}
