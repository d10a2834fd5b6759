/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What VMAs of a small made-up kernel map: paths, special names; whole and damaged. */
#include "support/small_kernel.h"

/* One VMA of one mm, which is the only entry of its tree. */
#define THE_MM (BASE + 0x8000)
#define THE_VMA (BASE + 0x30000)
#define FILE_VA (BASE + 0x31000)
#define OPS (BASE + 0x32000)
#define INODE (BASE + 0x32800)
#define DENTRY(n) (BASE + 0x34000 + 0x100 * (uint64_t)(n))
#define TEXT(n) (BASE + 0x38000 + 0x100 * (uint64_t)(n))
#define MOUNT(n) (BASE + 0x3c000 + 0x100 * (uint64_t)(n))
#define START 0x1000
#define END 0x3000

enum {
	VM_OPS = 48,
	VM_PRIVATE = 56,
	VM_ANON_NAME = 64,
	VM_PGOFF = 72,
	D_TEXT = 24,
	D_PARENT = 40,
	D_PPREV = 56,
	D_OP = 64,
	MNT = 32, /* of the struct vfsmount in struct mount, as in all kernels */
};

#define NAME_FACTS                                                                                 \
	"OFFSET(vm_area_struct.vm_ops)=48", "OFFSET(vm_area_struct.vm_private_data)=56",           \
		"OFFSET(vm_area_struct.anon_name)=64", "OFFSET(vm_area_struct.vm_pgoff)=72",       \
		"OFFSET(vm_operations_struct.name)=24", "OFFSET(anon_vma_name.name)=4",            \
		"OFFSET(path.mnt)=0", "OFFSET(file.f_inode)=32", "OFFSET(inode.i_ino)=16",         \
		"OFFSET(dentry.d_parent)=40", "OFFSET(dentry.d_hash.pprev)=56",                    \
		"OFFSET(dentry.d_op)=64", "OFFSET(dentry_operations.d_dname)=8",                   \
		"SYMBOL(special_mapping_name)=ffff800000002000",                                   \
		"SYMBOL(simple_dname)=ffff800000002100",                                           \
		"SYMBOL(anon_inodefs_dname)=ffff800000002200",                                     \
		"SYMBOL(sockfs_dname)=ffff800000002300"

static const char *const name_facts[] = { NAME_FACTS, "OFFSET(vm_area_struct.shared)=80", NULL };
/* before 6.2 they share their place */
static const char *const union_facts[] = { NAME_FACTS, "OFFSET(vm_area_struct.shared)=64", NULL };

static struct mmu_session *open_vma(const char *const *facts)
{
	const struct memory_piece whole = { .bytes = BYTES };
	struct mmu_session *session = session_with(memory_image_create(&whole, 1), true, facts);

	put(session, THE_MM + TREE + TREE_ROOT, 8, THE_VMA);
	put(session, THE_VMA + VM_START, 8, START);
	put(session, THE_VMA + VM_END, 8, END);
	put(session, THE_VMA + VM_FLAGS, 8, 0x75);
	put(session, THE_MM + START_STACK, 8, 0x7000);
	return session;
}

/* The place of its VMA, then what is there. */
static const char *name_at(struct mmu_session *session, uint64_t va, enum mmu_vma_named kind)
{
	static struct mmu_vma_name name;
	struct mmu_vma vma;
	bool found = false;

	assert_null(mmu_vma_find_named(&session->memory, THE_MM, va, &vma, &name, &found));
	assert_true(found);
	if (name.kind != kind)
		fail_msg("'%s' is of kind %u, not %u", name.text, name.kind, kind);
	return name.text;
}

static void has_name(struct mmu_session *session, const char *text, enum mmu_vma_named kind)
{
	assert_string_equal(name_at(session, START, kind), text);
}

static void put_text(struct mmu_session *session, uint64_t va, const char *text)
{
	memcpy(memory_image_at(session->kernel.image, va - BASE, strlen(text) + 1), text,
	       strlen(text) + 1);
}

static void put_dentry(struct mmu_session *session, unsigned int n, const char *name,
		       unsigned int parent)
{
	put(session, DENTRY(n) + D_TEXT, 8, TEXT(n));
	put(session, DENTRY(n) + D_PARENT, 8, DENTRY(parent));
	put(session, DENTRY(n) + D_PPREV, 8, DENTRY(0));
	put_text(session, TEXT(n), name);
}

static void put_mount(struct mmu_session *session, unsigned int n, unsigned int root,
		      unsigned int parent, unsigned int point)
{
	put(session, MOUNT(n) + 16, 8, MOUNT(parent));
	put(session, MOUNT(n) + 24, 8, DENTRY(point));
	put(session, MOUNT(n) + MNT, 8, DENTRY(root));
}

static void put_file(struct mmu_session *session, unsigned int mount, unsigned int dentry)
{
	put(session, THE_VMA + VM_FILE, 8, FILE_VA);
	put(session, FILE_VA + 8, 8, MOUNT(mount) + MNT);
	put(session, FILE_VA + 16, 8, DENTRY(dentry));
	put(session, FILE_VA + 32, 8, INODE);
}

/*
 * Mount 0 is the root of all: "/" (0) with "srv" (1). Mount 1 lies on "srv": its root (2) has "lib"
 * (3) with "a.so" (4). Mount 2 lies on the root of mount 1, over it: (5) with "b" (6).
 */
static struct mmu_session *open_file(const char *const *facts)
{
	struct mmu_session *session = open_vma(facts);

	put_dentry(session, 0, "/", 0);
	put_dentry(session, 1, "srv", 0);
	put_dentry(session, 2, "/", 2);
	put_dentry(session, 3, "lib", 2);
	put_dentry(session, 4, "a.so", 3);
	put_dentry(session, 5, "/", 5);
	put_dentry(session, 6, "b", 5);
	put_mount(session, 0, 0, 0, 0);
	put_mount(session, 1, 2, 0, 1);
	put_mount(session, 2, 5, 1, 2);
	put_file(session, 1, 4);
	return session;
}

/* Issue 9, 14. */
static void test_9_14_path(void **state)
{
	struct mmu_session *session = open_file(name_facts);
	struct mmu_vma vma;
	bool found;

	has_name(session, "/srv/lib/a.so", MMU_VMA_NAME_PATH);
	put(session, DENTRY(4) + D_PPREV, 8, 0);
	has_name(session, "/srv/lib/a.so (deleted)", MMU_VMA_NAME_PATH);
	put(session, DENTRY(4) + D_PPREV, 8, DENTRY(0));
	put_file(session, 2, 6); /* a mount on a mount */
	has_name(session, "/srv/b", MMU_VMA_NAME_PATH);
	put_file(session, 0, 1);
	has_name(session, "/srv", MMU_VMA_NAME_PATH);
	put_file(session, 0, 0);
	has_name(session, "/", MMU_VMA_NAME_PATH);
	put(session, THE_VMA + VM_PGOFF, 8, 0x23);
	assert_null(mmu_vma_find(&session->memory, THE_MM, START, &vma, &found));
	assert_true(found && vma.has_offset);
	assert_int_equal(vma.offset_bytes, 0x23000);
	mmu_session_close(session);
}

/* Where types tell of struct mount, it may be another one. */
static void test_9_14_mount_by_types(void **state)
{
	static const char *const facts[] = { NAME_FACTS,
					     "OFFSET(mount.mnt)=8",
					     "OFFSET(mount.mnt_parent)=48",
					     "OFFSET(mount.mnt_mountpoint)=56",
					     "OFFSET(vfsmount.mnt_root)=16",
					     NULL };
	struct mmu_session *session = open_file(facts);

	for (unsigned int n = 0; n < 2; n++) {
		put(session, MOUNT(n) + 24, 8, DENTRY(n ? 2 : 0));
		put(session, MOUNT(n) + 48, 8, MOUNT(0));
		put(session, MOUNT(n) + 56, 8, DENTRY(n));
	}
	put(session, FILE_VA + 8, 8, MOUNT(1) + 8);
	has_name(session, "/srv/lib/a.so", MMU_VMA_NAME_PATH);
	mmu_session_close(session);
}

/* A file that names itself: shared memory without a name, an anonymous inode, a socket. */
static void test_9_14_files_without_a_path(void **state)
{
	struct mmu_session *session = open_file(name_facts);

	put_dentry(session, 7, "memfd:x", 7); /* its own root, not its mount's */
	put(session, DENTRY(7) + D_OP, 8, OPS);
	put_file(session, 0, 7);
	put(session, OPS + 8, 8, BASE + 0x2100);
	has_name(session, "/memfd:x (deleted)", MMU_VMA_NAME_PATH);
	put(session, OPS + 8, 8, BASE + 0x2200);
	has_name(session, "anon_inode:memfd:x", MMU_VMA_NAME_PATH);
	put(session, OPS + 8, 8, BASE + 0x2300);
	put(session, INODE + 16, 8, 4711);
	has_name(session, "socket:[4711]", MMU_VMA_NAME_PATH);
	put(session, OPS + 8, 8, BASE + 0x2400); /* some other function */
	has_name(session, "memfd:x", MMU_VMA_NAME_PART);
	put(session, OPS + 8, 8, 0); /* none: it leads nowhere */
	has_name(session, "memfd:x", MMU_VMA_NAME_PART);
	mmu_session_close(session);
}

/* What is left of a path is marked; nothing loops. */
static void test_9_14_damaged_path(void **state)
{
	struct mmu_session *session = open_file(name_facts);

	put(session, DENTRY(3) + D_PARENT, 8, NOWHERE);
	has_name(session, "lib/a.so", MMU_VMA_NAME_PART);
	put(session, DENTRY(3) + D_PARENT, 8, DENTRY(4)); /* a circle */
	assert_memory_equal(name_at(session, START, MMU_VMA_NAME_PART), "lib/a.so/", 9);
	put(session, DENTRY(3) + D_PARENT, 8, DENTRY(3)); /* a root, but not of the mount */
	has_name(session, "a.so", MMU_VMA_NAME_PART);
	put(session, DENTRY(3) + D_PARENT, 8, DENTRY(2));
	put(session, DENTRY(3) + D_TEXT, 8, NOWHERE);
	has_name(session, "a.so", MMU_VMA_NAME_PART);
	put_dentry(session, 3, "lib", 2);
	put_mount(session, 1, 2, 1, 1); /* its own parent: the root of all, as it seems */
	has_name(session, "/lib/a.so", MMU_VMA_NAME_PATH);
	put_mount(session, 1, 2, 2, 5); /* two mounts that lie on each other */
	put_mount(session, 2, 5, 1, 2);
	has_name(session, "lib/a.so", MMU_VMA_NAME_PART);
	put(session, MOUNT(1) + 16, 8, NOWHERE);
	has_name(session, "lib/a.so", MMU_VMA_NAME_PART);
	put(session, FILE_VA + 8, 8, NOWHERE);
	has_name(session, "a.so", MMU_VMA_NAME_PART);
	put(session, FILE_VA + 16, 8, NOWHERE);
	has_name(session, "", MMU_VMA_NAME_NONE);
	put(session, THE_VMA + VM_FILE, 8, NOWHERE);
	has_name(session, "", MMU_VMA_NAME_NONE);
	mmu_session_close(session);
}

/* Components without an end: the path is cut at 4095 bytes, in front. */
static void test_9_14_long_path(void **state)
{
	struct mmu_session *session = open_file(name_facts);
	char name[256];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	put_dentry(session, 3, name, 4);
	put_dentry(session, 4, name, 3);
	assert_int_equal(strlen(name_at(session, START, MMU_VMA_NAME_PART)), 15 * 256 - 1);
	mmu_session_close(session);
}

/* Without the facts that a path needs it is as it always was: the last component. */
static void test_9_14_without_facts(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const no_mounts[] = { "OFFSET(dentry.d_parent)=40", NULL };
	struct mmu_session *session = open_file(none);

	has_name(session, "a.so", MMU_VMA_NAME_LAST);
	mmu_session_close(session);
	session = open_file(no_mounts);
	has_name(session, "a.so", MMU_VMA_NAME_LAST);
	mmu_session_close(session);
}

static void test_9_14_special_names(void **state)
{
	struct mmu_session *session = open_vma(name_facts);

	put_text(session, TEXT(0), "[vvar]");
	put(session, THE_VMA + VM_OPS, 8, OPS);
	put(session, THE_VMA + VM_PRIVATE, 8, INODE);
	put(session, INODE, 8, TEXT(0));
	put(session, OPS + 24, 8, BASE + 0x2000);
	has_name(session, "[vvar]", MMU_VMA_NAME_SPECIAL);
	put(session, OPS + 24, 8, BASE + 0x2001); /* Thumb code */
	has_name(session, "[vvar]", MMU_VMA_NAME_SPECIAL);
	put(session, OPS + 24, 8, BASE + 0x2008);
	has_name(session, "", MMU_VMA_NAME_NONE);
	put(session, OPS + 24, 8, BASE + 0x2000);
	put(session, INODE, 8, NOWHERE);
	has_name(session, "", MMU_VMA_NAME_NONE);
	put(session, THE_VMA + VM_OPS, 8, NOWHERE);
	has_name(session, "", MMU_VMA_NAME_NONE);
	/* what prctl() names; the kernel's own names come first */
	put_text(session, TEXT(1) + 4, "my heap");
	put(session, THE_VMA + VM_ANON_NAME, 8, TEXT(1));
	has_name(session, "[anon:my heap]", MMU_VMA_NAME_SPECIAL);
	put(session, THE_MM + BRK, 8, 0x2000);
	has_name(session, "[heap]", MMU_VMA_NAME_SPECIAL);
	put(session, THE_MM + BRK, 8, START); /* the heap is empty, and begins where it ends */
	put(session, THE_MM + START_BRK, 8, START);
	has_name(session, "[anon:my heap]", MMU_VMA_NAME_SPECIAL);
	put(session, THE_MM + START_STACK, 8, END); /* as Linux has it, its end included */
	has_name(session, "[stack]", MMU_VMA_NAME_SPECIAL);
	mmu_session_close(session);
}

static void test_9_14_named_shared_memory(void **state)
{
	struct mmu_session *session = open_file(name_facts);

	put_text(session, TEXT(8) + 4, "pool");
	put(session, THE_VMA + VM_ANON_NAME, 8, TEXT(8));
	has_name(session, "[anon_shmem:pool]", MMU_VMA_NAME_SPECIAL);
	mmu_session_close(session);
	session = open_file(union_facts);
	put(session, THE_VMA + VM_ANON_NAME, 8, TEXT(8)); /* part of a tree */
	has_name(session, "/srv/lib/a.so", MMU_VMA_NAME_PATH);
	mmu_session_close(session);
}

/* The one VMA that is in no tree. */
static void test_9_14_gate(void **state)
{
	static const char *const x86[] = { "SYMBOL(gate_vma)=ffff800000036000",
					   "SYMBOL(vsyscall_mode)=ffff800000036800", NULL };
	static const char *const arm[] = { "SYMBOL(gate_vma)=ffff800000036000", NULL };
	const uint64_t gate_va = BASE + 0x36000;

	for (unsigned int i = 0; i < 2; i++) {
		struct mmu_session *session = open_vma(i ? arm : x86);
		struct mmu_vma_name name;
		struct mmu_vma vma;
		bool found;

		put(session, THE_MM + TREE + TREE_ROOT, 8, 0);
		put(session, gate_va + VM_START, 8, 0xffffffffff600000);
		put(session, gate_va + VM_END, 8, 0xffffffffff601000);
		assert_string_equal(name_at(session, 0xffffffffff600123, MMU_VMA_NAME_SPECIAL),
				    i ? "[vectors]" : "[vsyscall]");
		assert_null(mmu_vma_find_named(&session->memory, THE_MM, 0xffffffffff601000, &vma,
					       &name, &found));
		assert_false(found);
		put(session, BASE + 0x36800, 4, 2); /* vsyscall=none */
		assert_null(mmu_vma_find_named(&session->memory, THE_MM, 0xffffffffff600000, &vma,
					       &name, &found));
		assert_int_equal(found, i);
		mmu_session_close(session);
	}
}

/* ------------------------------------------------------------------ what it means */

#define TABLE 0x10000
#define ZERO_FRAME UINT64_C(0x9)

static struct mmu_space *open_space(struct mmu_session *session)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_MM,
					       .value = THE_MM };
	struct mmu_space *space;

	put(session, THE_MM + PGD, 8, BASE + TABLE);
	assert_null(mmu_space_open(session, &query, &space));
	return space;
}

/* Of the VMA's first page, which has this entry. */
static struct mmu_meaning meaning_at(struct mmu_space *space, struct mmu_session *session,
				     uint64_t va, uint64_t entry)
{
	const struct mmu_meaning *meaning;
	struct mmu_walk walk;

	put(session, BASE + TABLE + 8 * (va >> 12), 8, entry);
	space->has_vma = false; /* no dump changes as this one does */
	mmu_space_walk(space, va, &walk);
	assert_null(mmu_space_meaning(space, &walk, &meaning));
	return *meaning;
}

static enum mmu_next next_of(struct mmu_space *space, struct mmu_session *session, uint64_t flags)
{
	put(session, THE_VMA + VM_FLAGS, 8, flags);
	return meaning_at(space, session, START, 0).next;
}

static void test_9_14_what_the_next_access_brings(void **state)
{
	struct mmu_session *session = open_vma(name_facts);
	struct mmu_space *space = open_space(session);
	struct mmu_meaning meaning;

	assert_int_equal(next_of(space, session, 0x73), MMU_NEXT_ZERO);
	assert_int_equal(next_of(space, session, 0x70), MMU_NEXT_SIGSEGV);
	assert_int_equal(next_of(space, session, 0x273), MMU_NEXT_USERFAULTFD);
	put(session, THE_VMA + VM_OPS, 8, OPS);
	assert_int_equal(next_of(space, session, 0x73), MMU_NEXT_DRIVER); /* as [vdso] */
	put_dentry(session, 0, "/", 0);
	put_dentry(session, 1, "file", 0);
	put_mount(session, 0, 0, 0, 0);
	put_file(session, 0, 1);
	put(session, THE_VMA + VM_PGOFF, 8, 0x20);
	assert_int_equal(next_of(space, session, 0x473), MMU_NEXT_DRIVER); /* VM_PFNMAP */
	put(session, THE_VMA + VM_FLAGS, 8, 0x73);
	meaning = meaning_at(space, session, START + 0x1234, 0);
	assert_int_equal(meaning.next, MMU_NEXT_FILE);
	assert_true(meaning.has_file_page && meaning.copies);
	assert_int_equal(meaning.file_page, 0x21);
	assert_string_equal(meaning.vma->name, "/file");
	put(session, THE_VMA + VM_OPS, 8, 0); /* a private mapping of /dev/zero */
	assert_int_equal(next_of(space, session, 0x73), MMU_NEXT_ZERO);
	/* whatever is there, nothing is said of a next access */
	assert_int_equal(meaning_at(space, session, START, 0x5001).next, MMU_NEXT_NOT_SAID);
	mmu_space_close(space);
	mmu_session_close(session);
}

/* A leaf: a gap up to the VMA, the VMA, a gap. */
static void test_9_14_without_a_vma(void **state)
{
	struct mmu_session *session = open_vma(name_facts);
	struct mmu_space *space = open_space(session);
	const uint64_t node_va = BASE + 0x20000;
	struct mmu_meaning meaning;

	put(session, THE_MM + TREE + TREE_ROOT, 8, node_va | 1 << 3 | 2);
	put(session, node_va + 8, 8, START - 1);
	put(session, node_va + 16, 8, END - 1);
	put(session, node_va + 8 * 17, 8, THE_VMA);
	meaning = meaning_at(space, session, 0, 0);
	assert_null(meaning.vma);
	assert_int_equal(meaning.next, MMU_NEXT_SIGSEGV);
	put(session, THE_VMA + VM_FLAGS, 8, 0x173);
	meaning = meaning_at(space, session, 0, 0);
	assert_int_equal(meaning.next, MMU_NEXT_STACK);
	assert_int_equal(meaning.stack_first_va, START);
	assert_int_equal(meaning.stack_last_va, END - 1);
	assert_int_equal(meaning_at(space, session, END, 0).next, MMU_NEXT_SIGSEGV);
	put(session, node_va + 8 * 17, 8, NOWHERE); /* what is above can't be known */
	assert_int_equal(meaning_at(space, session, 0, 0).next, MMU_NEXT_NOT_SAID);
	mmu_space_close(space);
	mmu_session_close(session);
}

static void differs(struct mmu_space *space, struct mmu_session *session, uint64_t flags,
		    uint64_t entry, uint8_t less, uint32_t why_less, uint8_t more)
{
	put(session, THE_VMA + VM_FLAGS, 8, flags);
	struct mmu_meaning meaning = meaning_at(space, session, START, entry);

	assert_int_equal(meaning.less, less);
	assert_int_equal(meaning.why_less, why_less);
	assert_int_equal(meaning.more, more);
}

/* Where several reasons are possible, all are told. */
static void test_9_14_why_rights_differ(void **state)
{
	struct mmu_session *session = open_vma(name_facts);
	struct mmu_space *space = open_space(session);
	const uint8_t r = MMU_RIGHT_READ, w = MMU_RIGHT_WRITE, x = MMU_RIGHT_EXEC;
	const uint64_t soft = 0x8000000, shared = 8;

	differs(space, session, soft | 3, 0x5009, 0, 0, 0);
	differs(space, session, soft | 3, 0x500d, w, MMU_WHY_COPY_ON_WRITE, 0);
	differs(space, session, 3, 0x500d, w, MMU_WHY_COPY_ON_WRITE | MMU_WHY_SOFT_DIRTY, 0);
	differs(space, session, 3, 0x502d, w, MMU_WHY_COPY_ON_WRITE, 0);
	differs(space, session, 3, 0x504d, w, MMU_WHY_USERFAULTFD, 0);
	differs(space, session, soft | shared | 3, 0x500d, w, MMU_WHY_CLEAN, 0);
	differs(space, session, soft | shared | 3, 0x501d, w, 0, 0);
	differs(space, session, shared | 3, 0x500d, w, MMU_WHY_CLEAN | MMU_WHY_SOFT_DIRTY, 0);
	differs(space, session, soft | 7, 0x500d, w | x, 0, 0);
	differs(space, session, soft | 1, 0x5001, 0, 0, w | x);
	differs(space, session, soft | 2, 0x5009, 0, 0, r);
	mmu_space_close(space);
	mmu_session_close(session);
}

static void test_9_14_zero_page(void **state)
{
	static const char *const old_facts[] = { NAME_FACTS, "SYMBOL(zero_pfn)=ffff800000002800",
						 NULL };
	static const char *const new_facts[] = { NAME_FACTS,
						 "SYMBOL(zero_page_pfn)=ffff800000002800", NULL };

	for (unsigned int i = 0; i < 3; i++) {
		struct mmu_session *session = open_vma(i == 2 ? name_facts
						       : i    ? new_facts
							      : old_facts);
		put(session, BASE + 0x2800, 8, ZERO_FRAME); /* before it is read and kept */
		struct mmu_space *space = open_space(session);
		struct mmu_meaning meaning;

		put(session, THE_VMA + VM_FLAGS, 8, 0x8000003);
		meaning = meaning_at(space, session, START, ZERO_FRAME << 12 | 0xd);
		assert_int_equal(meaning.zero_page,
				 i < 2 ? MMU_ZERO_PAGE_BASE : MMU_ZERO_PAGE_NONE);
		assert_int_equal(meaning.why_less,
				 i < 2 ? MMU_WHY_ZERO_PAGE : MMU_WHY_COPY_ON_WRITE);
		meaning = meaning_at(space, session, START, (ZERO_FRAME + 1) << 12 | 0xd);
		assert_int_equal(meaning.zero_page, MMU_ZERO_PAGE_NONE);
		mmu_space_close(space);
		mmu_session_close(session);
	}
}

/* ------------------------------------------------------------------ extracts */

struct pieces {
	uint64_t va[64], bytes[64];
	size_t nr;
};

static void take_piece(void *context, uint64_t va, uint64_t bytes)
{
	struct pieces *pieces = context;

	assert_true(pieces->nr < COUNT(pieces->va));
	pieces->va[pieces->nr] = va;
	pieces->bytes[pieces->nr++] = bytes;
}

/* An image of nothing but the pieces gives the same name. */
static void test_9_14_pieces(void **state)
{
	struct mmu_session *session = open_file(name_facts), *other = open_vma(name_facts);
	struct pieces pieces = { .nr = 0 };
	struct mmu_vma_walk vmas;
	struct mmu_vma vma;
	bool found;

	mmu_vma_walk_init(&vmas, &session->memory, THE_MM);
	vmas.next_va = START;
	assert_null(mmu_vma_walk_next(&vmas, &vma, &found));
	assert_true(found);
	mmu_vma_walk_pieces(&vmas, &vma, take_piece, &pieces);
	for (size_t i = 0; i < pieces.nr; i++)
		memcpy(memory_image_at(other->kernel.image, pieces.va[i] - BASE, pieces.bytes[i]),
		       memory_image_at(session->kernel.image, pieces.va[i] - BASE, pieces.bytes[i]),
		       pieces.bytes[i]);
	has_name(other, "/srv/lib/a.so", MMU_VMA_NAME_PATH);
	mmu_session_close(session);
	mmu_session_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_9_14_path),
		cmocka_unit_test(test_9_14_mount_by_types),
		cmocka_unit_test(test_9_14_files_without_a_path),
		cmocka_unit_test(test_9_14_damaged_path),
		cmocka_unit_test(test_9_14_long_path),
		cmocka_unit_test(test_9_14_without_facts),
		cmocka_unit_test(test_9_14_special_names),
		cmocka_unit_test(test_9_14_named_shared_memory),
		cmocka_unit_test(test_9_14_gate),
		cmocka_unit_test(test_9_14_what_the_next_access_brings),
		cmocka_unit_test(test_9_14_without_a_vma),
		cmocka_unit_test(test_9_14_why_rights_differ),
		cmocka_unit_test(test_9_14_zero_page),
		cmocka_unit_test(test_9_14_pieces),
	};

	return cmocka_run_group_tests_name("VMA names", tests, NULL, NULL);
}
