/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a VMA uses: smaps_account() and what is around it in fs/proc/task_mmu.c. */
#include "mmuscope/mmuscope.h"
#include "analysis/smaps.h"
#include "base/hook.h"
#include "objects/meaning.h"
#include "objects/page.h"
#include "objects/path.h"
#include "objects/xarray.h"

/* Shares of pages are counted with so many bits behind the point. */
#define PSS_SHIFT 12

struct account {
	struct mmu_space *space;
	const struct mmu_vma_info *vma;
	struct mmu_smaps *smaps;
	struct mmu_pages pages;
	uint64_t page_bytes;
	uint64_t pss, pss_dirty, swap_pss; /* in 1/4096 of a byte */
	uint64_t next_va;                  /* what was not told of yet begins here */
	uint64_t shmem_pages_va;           /* of a file whose holes may lie in swap; 0: none */
	uint64_t file_page;                /* of the VMA's first page */
	bool shmem_swap_unknown;
	bool asked_soft_dirty;
	uint64_t seen; /* entries, for the hook */
	struct mmu_error *error;
};

static void add(struct account *account, enum mmu_smaps_item item, uint64_t bytes)
{
	account->smaps->bytes[item] += bytes;
}

static void forget(struct account *account, enum mmu_smaps_item first, enum mmu_smaps_item last)
{
	for (unsigned int item = first; item <= (unsigned int)last; item++)
		account->smaps->unknown[item] = true;
}

/* ------------------------------------------------------------------ single pages */

/* A page of the table, or one that an entry names that is not there: it may be of several. */
struct mapping {
	uint64_t pfn, bytes;
	bool huge;    /* mapped as a whole by an entry of an upper level */
	bool present; /* false: migrated, poisoned, of a device */
	bool young, dirty;
};

/* smaps_page_accumulate() */
static void accumulate(struct account *account, const struct mmu_page *page, uint64_t bytes,
		       uint64_t pss, bool dirty, bool private)
{
	account->pss += pss;
	if (dirty || page->dirty) {
		account->pss_dirty += pss;
		add(account, private ? MMU_SMAPS_PRIVATE_DIRTY : MMU_SMAPS_SHARED_DIRTY, bytes);
	} else {
		add(account, private ? MMU_SMAPS_PRIVATE_CLEAN : MMU_SMAPS_SHARED_CLEAN, bytes);
	}
}

static void account_shares(struct account *account, const struct mapping *mapping,
			   const struct mmu_page *first)
{
	struct mmu_page page = *first;

	/* whoever has the only reference has the only mapping */
	if (page.refcount == 1 || !mapping->present) {
		accumulate(account, &page, mapping->bytes, mapping->bytes << PSS_SHIFT,
			   mapping->dirty, mapping->present || mmu_pages_are_old(&account->pages));
		return;
	}
	for (uint64_t at = 0; at < mapping->bytes; at += account->page_bytes) {
		uint64_t pss = account->page_bytes << PSS_SHIFT;

		if (at &&
		    !mmu_page_read(&account->pages, mapping->pfn + at / account->page_bytes, &page))
			page.knows_mapcount = false;
		/* it is mapped here: a kernel that says 0 does not count pages of large ones */
		if (!page.knows_mapcount || page.mapcount < 1) {
			forget(account, MMU_SMAPS_PSS, MMU_SMAPS_PRIVATE_DIRTY);
			continue;
		}
		accumulate(account, &page, account->page_bytes, pss / (uint64_t)page.mapcount,
			   mapping->dirty, page.mapcount < 2);
	}
}

/* smaps_account(), and for huge pages smaps_pmd_entry() */
static void account_page(struct account *account, const struct mapping *mapping)
{
	struct mmu_page page;

	add(account, MMU_SMAPS_RSS, mapping->bytes);
	if (mapping->young)
		add(account, MMU_SMAPS_REFERENCED, mapping->bytes);
	if (!mmu_page_read(&account->pages, mapping->pfn, &page)) {
		forget(account, MMU_SMAPS_PSS, MMU_SMAPS_PRIVATE_DIRTY);
		forget(account, MMU_SMAPS_ANONYMOUS, MMU_SMAPS_LAZY_FREE);
		account->smaps->unknown[MMU_SMAPS_REFERENCED] |= !mapping->young;
		if (mapping->huge)
			forget(account, MMU_SMAPS_ANON_HUGE_PAGES, MMU_SMAPS_FILE_PMD_MAPPED);
		return;
	}
	if (!mapping->young && page.referenced)
		add(account, MMU_SMAPS_REFERENCED, mapping->bytes);
	account->smaps->unknown[MMU_SMAPS_REFERENCED] |= !mapping->young && !page.knows_referenced;
	if (page.anon)
		add(account, MMU_SMAPS_ANONYMOUS, mapping->bytes);
	if (page.anon && !page.swap_backed && !mapping->dirty && !page.dirty)
		add(account, MMU_SMAPS_LAZY_FREE, mapping->bytes);
	if (page.ksm)
		add(account, MMU_SMAPS_KSM, mapping->bytes);
	if (mapping->huge)
		add(account,
		    page.anon          ? MMU_SMAPS_ANON_HUGE_PAGES
		    : page.swap_backed ? MMU_SMAPS_SHMEM_PMD_MAPPED
				       : MMU_SMAPS_FILE_PMD_MAPPED,
		    mapping->bytes);
	account_shares(account, mapping, &page);
}

/* smaps_hugetlb_range() */
static void account_hugetlb(struct account *account, const struct mmu_walk *walk, uint64_t bytes,
			    uint64_t pa)
{
	const struct mmu_step *leaf = &walk->steps[walk->nr_steps - 1];
	uint64_t pfn = pa >> mmu_kernel_page_lg2(account->space->memory.kernel);
	struct mmu_page page;

	/*
	 * Whether smaps takes a page in a shared table for shared depends on the release: 6.2 and
	 * stable ones before it do; then the count of sharers moved, and it asked the old one.
	 */
	if (!mmu_page_read(&account->pages, pfn, &page) || !page.knows_mapcount ||
	    (page.mapcount < 2 && mmu_table_is_shared(&account->pages, leaf->table_pa))) {
		forget(account, MMU_SMAPS_SHARED_HUGETLB, MMU_SMAPS_PRIVATE_HUGETLB);
		return;
	}
	add(account, page.mapcount >= 2 ? MMU_SMAPS_SHARED_HUGETLB : MMU_SMAPS_PRIVATE_HUGETLB,
	    bytes);
}

/* ------------------------------------------------------------------ entries */

static bool is_hugetlb(const struct account *account)
{
	return account->vma->vm_flags & MMU_VM_HUGETLB;
}

/*
 * What a leaf says in common words. PROT_NONE and a NUMA hint are no leaves, though all that a leaf
 * says is still there: the one bit that made them so is put back.
 */
static uint8_t attrs_of(const struct mmu_walk *walk, const struct mmu_step *leaf)
{
	const struct mmu_format *format = walk->regime->format;
	struct mmu_entry entry = leaf->entry;

	for (unsigned int bit = 0; entry.kind != MMU_KIND_LEAF && bit < 8u * format->entry_bytes;
	     bit++)
		format->decode(walk->regime, leaf->level, leaf->raw ^ UINT64_C(1) << bit,
			       leaf->second, &entry);
	return entry.kind == MMU_KIND_LEAF ? entry.attrs : 0;
}

static void account_soft_dirty(struct account *account, const struct mmu_walk *walk,
			       const struct mmu_step *leaf, uint8_t attrs, uint64_t bytes)
{
	if (attrs & MMU_ATTR_SOFT_DIRTY)
		add(account, MMU_SMAPS_SOFT_DIRTY, bytes);
	else if (!account->asked_soft_dirty && !mmu_can_be_soft_dirty(walk->regime, leaf))
		forget(account, MMU_SMAPS_SOFT_DIRTY, MMU_SMAPS_SOFT_DIRTY);
	account->asked_soft_dirty = true;
}

/* A page that is there, or several that follow each other: what vm_normal_page() lets pass. */
static void account_present(struct account *account, const struct mmu_walk *walk, uint64_t bytes)
{
	const struct mmu_step *leaf = &walk->steps[walk->nr_steps - 1];
	unsigned int page_lg2 = mmu_kernel_page_lg2(account->space->memory.kernel);
	uint8_t attrs = attrs_of(walk, leaf);
	bool huge = walk->page_bytes > account->page_bytes && leaf->level;
	uint64_t piece = huge ? walk->page_bytes : account->page_bytes;

	account_soft_dirty(account, walk, leaf, attrs, bytes);
	if (attrs & MMU_ATTR_SPECIAL ||
	    mmu_zero_page_of(account->space, walk) != MMU_ZERO_PAGE_NONE)
		return;
	if (!(attrs & MMU_ATTR_KNOWN) && !is_hugetlb(account)) {
		forget(account, MMU_SMAPS_REFERENCED, MMU_SMAPS_REFERENCED);
		forget(account, MMU_SMAPS_PSS_DIRTY, MMU_SMAPS_PRIVATE_DIRTY);
	}
	/*
	 * Kernels around 6.1 leave a transparent huge page without access out of all but soft-dirty
	 * (follow_trans_huge_pmd() with FOLL_DUMP, mm/huge_memory.c); nothing tells which do.
	 */
	if (huge && !is_hugetlb(account) &&
	    (leaf->entry.kind != MMU_KIND_LEAF || !mmu_knows_huge_zero_page(account->space))) {
		forget(account, MMU_SMAPS_RSS, MMU_SMAPS_FILE_PMD_MAPPED);
		forget(account, MMU_SMAPS_LOCKED, MMU_SMAPS_LOCKED);
	}
	for (uint64_t at = 0; at < bytes; at += piece) {
		const struct mapping mapping = { .pfn = (walk->pa + at) >> page_lg2,
						 .bytes = bytes - at < piece ? bytes - at : piece,
						 .huge = huge,
						 .present = true,
						 .young = attrs & MMU_ATTR_ACCESSED,
						 .dirty = attrs & MMU_ATTR_DIRTY };
		if (is_hugetlb(account))
			account_hugetlb(account, walk, mapping.bytes, walk->pa + at);
		else
			account_page(account, &mapping);
	}
}

static void account_swapped(struct account *account, const struct mmu_walk *walk, uint64_t bytes)
{
	uint64_t count, piece = account->page_bytes;

	add(account, MMU_SMAPS_SWAP, bytes);
	for (uint64_t at = 0; at < bytes; at += piece) {
		if (!mmu_swap_count(&account->space->memory, walk->swap_type,
				    walk->swap_offset + at / piece, &count))
			forget(account, MMU_SMAPS_SWAP_PSS, MMU_SMAPS_SWAP_PSS);
		else
			account->swap_pss += (piece << PSS_SHIFT) / (count >= 2 ? count : 1);
	}
}

/* An entry that names a frame: migration, hwpoison, device. */
static void account_absent(struct account *account, const struct mmu_walk *walk, uint64_t bytes)
{
	unsigned int page_lg2 = mmu_kernel_page_lg2(account->space->memory.kernel);

	for (uint64_t at = 0; at < bytes; at += account->page_bytes) {
		const struct mapping mapping = { .pfn = (walk->target_pa + at) >> page_lg2,
						 .bytes = account->page_bytes };

		if (is_hugetlb(account)) {
			account_hugetlb(account, walk, bytes, walk->target_pa);
			return;
		}
		account_page(account, &mapping);
	}
}

/* What of shared memory no entry tells: it may lie in swap all the same. */
static void account_hole(struct account *account, uint64_t first_va, uint64_t last_va)
{
	uint64_t base = account->vma->first_va, count = 0;

	if (!account->shmem_pages_va)
		return;
	if (mmu_xarray_count_values(&account->space->memory, account->shmem_pages_va,
				    account->file_page + (first_va - base) / account->page_bytes,
				    account->file_page + (last_va - base) / account->page_bytes,
				    &count))
		add(account, MMU_SMAPS_SWAP, count * account->page_bytes);
	else
		forget(account, MMU_SMAPS_SWAP, MMU_SMAPS_SWAP);
}

static bool visit(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct account *account = context;
	uint64_t bytes = last_va - walk->va + 1;

	account->error = mmu_hook_ask(&account->space->hook, MMU_PHASE_TABLES, account->seen++, 0);
	if (account->error)
		return false;
	if (walk->va > account->next_va) {
		add(account, MMU_SMAPS_NOT_TOUCHED, walk->va - account->next_va);
		account_hole(account, account->next_va, walk->va - 1);
	}
	account->next_va = last_va + 1;
	if (walk->has_pa && walk->nr_steps)
		account_present(account, walk, bytes);
	else if (walk->result == MMU_RESULT_SWAPPED)
		account_swapped(account, walk, bytes);
	else if (walk->has_target)
		account_absent(account, walk, bytes);
	else if (walk->result != MMU_RESULT_MARKER) /* tables that can't be read */
		forget(account, MMU_SMAPS_RSS, MMU_SMAPS_SOFT_DIRTY);
	return true;
}

/* ------------------------------------------------------------------ all of it */

/* smap_gather_stats(): what lies in swap of shared memory, the file knows. */
static void ask_file(struct account *account)
{
	const struct mmu_peek peek = { .memory = &account->space->memory };
	const struct mmu_vma_info *vma = account->vma;
	struct mmu_inode inode;
	uint64_t pages_va;

	if (!vma->file_va)
		return;
	if (!mmu_file_object_read(&peek, vma->file_va, &inode, &pages_va)) {
		forget(account, MMU_SMAPS_SWAP, MMU_SMAPS_SWAP);
		if (is_hugetlb(account))
			forget(account, MMU_SMAPS_KERNEL_PAGE_SIZE, MMU_SMAPS_MMU_PAGE_SIZE);
		return;
	}
	if (is_hugetlb(account) && inode.block_bytes) {
		account->smaps->bytes[MMU_SMAPS_KERNEL_PAGE_SIZE] = inode.block_bytes;
		account->smaps->bytes[MMU_SMAPS_MMU_PAGE_SIZE] = inode.block_bytes;
	}
	if (inode.magic != MMU_TMPFS_MAGIC)
		return;
	account->file_page = vma->offset_bytes / account->page_bytes;
	account->shmem_pages_va = pages_va;
	if (!pages_va)
		forget(account, MMU_SMAPS_SWAP, MMU_SMAPS_SWAP);
	if (vma->vm_flags & MMU_VM_SHARED || !(vma->vm_flags & MMU_VM_WRITE)) {
		account_hole(account, vma->first_va, vma->last_va);
		account->shmem_pages_va = 0;
	}
}

static void visit_all(struct account *account)
{
	const struct mmu_vma_info *vma = account->vma;
	struct mmu_tally tally = { .end = MMU_LEAVES_ALL };

	mmu_space_visit_leaves(account->space, vma->first_va, vma->last_va, false, visit, account,
			       &tally);
	if (tally.end == MMU_LEAVES_TOO_MANY)
		forget(account, MMU_SMAPS_RSS, MMU_SMAPS_SOFT_DIRTY);
	if (account->next_va <= vma->last_va && account->next_va >= vma->first_va) {
		add(account, MMU_SMAPS_NOT_TOUCHED, vma->last_va - account->next_va + 1);
		account_hole(account, account->next_va, vma->last_va);
	}
}

struct mmu_error *mmu_smaps_add_up(struct mmu_space *space, const struct mmu_vma_info *vma,
				   struct mmu_smaps *ret)
{
	struct mmu_smaps smaps = { .bytes[MMU_SMAPS_SIZE] = vma->last_va - vma->first_va + 1 };
	struct account account = { .space = space,
				   .vma = vma,
				   .smaps = &smaps,
				   .page_bytes = UINT64_C(1)
						 << mmu_kernel_page_lg2(space->memory.kernel),
				   .next_va = vma->first_va };

	smaps.bytes[MMU_SMAPS_KERNEL_PAGE_SIZE] = account.page_bytes;
	smaps.bytes[MMU_SMAPS_MMU_PAGE_SIZE] = account.page_bytes;
	smaps.thp = mmu_thp_eligible(space, vma);
	/* walk_page_test(): what has no struct pages is not looked at */
	if (vma->vm_flags & MMU_VM_PFNMAP || vma->gate) {
		*ret = smaps;
		return NULL;
	}
	mmu_pages_init(&account.pages, &space->memory);
	ask_file(&account);
	visit_all(&account);
	if (account.error)
		return account.error;
	smaps.bytes[MMU_SMAPS_PSS] = account.pss >> PSS_SHIFT;
	smaps.bytes[MMU_SMAPS_PSS_DIRTY] = account.pss_dirty >> PSS_SHIFT;
	smaps.bytes[MMU_SMAPS_SWAP_PSS] = account.swap_pss >> PSS_SHIFT;
	if (vma->vm_flags & MMU_VM_LOCKED) {
		smaps.bytes[MMU_SMAPS_LOCKED] = smaps.bytes[MMU_SMAPS_PSS];
		smaps.unknown[MMU_SMAPS_LOCKED] |= smaps.unknown[MMU_SMAPS_PSS];
	}
	if (vma->vm_flags & MMU_VM_SOFTDIRTY && !smaps.unknown[MMU_SMAPS_SOFT_DIRTY])
		smaps.bytes[MMU_SMAPS_SOFT_DIRTY] = smaps.bytes[MMU_SMAPS_SIZE];
	*ret = smaps;
	return NULL;
}
