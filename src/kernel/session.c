/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Opening an image and learning the kernel in it, step by step, each step checked. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "walk/registry.h"

MMU_CLEANUP_TYPE(vmlinux, struct mmu_vmlinux *, mmu_vmlinux_close)

/* ------------------------------------------------------------------ opening */

static struct mmu_error *copy_options(struct mmu_session *session,
				      const struct mmu_options *options)
{
	const struct {
		const char *from;
		char **to;
	} texts[] = {
		{ options->vmlinux, &session->vmlinux_option },
		{ options->arch, &session->arch_option },
		{ options->plugin_dir, &session->plugin_dir },
	};
	size_t count = 0;

	session->force = options->force;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].from && !(*texts[i].to = strdup(texts[i].from)))
			return mmu_error_no_memory();
	while (options->debug_dirs && options->debug_dirs[count])
		count++;
	if (!count)
		return NULL;
	session->debug_dirs = calloc(count + 1, sizeof(*session->debug_dirs));
	for (size_t i = 0; session->debug_dirs && i < count; i++)
		if (!(session->debug_dirs[i] = strdup(options->debug_dirs[i])))
			return mmu_error_no_memory();
	return session->debug_dirs ? NULL : mmu_error_no_memory();
}

/* VMCOREINFO says it best; a kdump header says it too. */
void mmu_session_read_identity(struct mmu_session *session)
{
	struct mmu_bytes text;

	snprintf(session->release, sizeof(session->release), "%s", session->image->release);
	if (mmu_fact_text(session->facts, "OSRELEASE", &text) &&
	    text.count < sizeof(session->release)) {
		memcpy(session->release, text.data, text.count);
		session->release[text.count] = '\0';
	}
	if (mmu_fact_text(session->facts, "BUILD-ID", &text) &&
	    text.count < sizeof(session->build_id)) {
		memcpy(session->build_id, text.data, text.count);
		session->build_id[text.count] = '\0';
	}
}

struct mmu_error *mmu_session_open(const struct mmu_options *options, struct mmu_session **ret)
{
	struct mmu_session *session = calloc(1, sizeof(*session));

	if (!session)
		return mmu_error_no_memory();
	struct mmu_error *error = copy_options(session, options);
	if (!error)
		error = options->parts ? mmu_image_open_split(options->image, options->parts,
							      &session->image)
				       : mmu_image_open(options->image, options->raw,
							options->nr_raw, &session->image);
	if (!error)
		error = mmu_fact_store_create(session->image, options->facts, &session->facts);
	if (error) {
		mmu_session_close(session);
		return error;
	}
	mmu_session_read_identity(session);
	*ret = session;
	return NULL;
}

void mmu_session_close(struct mmu_session *session)
{
	if (!session)
		return;
	mmu_fact_store_destroy(session->facts);
	mmu_image_close(session->image);
	free(session->found_vmcoreinfo);
	mmu_error_destroy(session->learn_error);
	mmu_error_destroy(session->init_task_error);
	for (char **dir = session->debug_dirs; dir && *dir; dir++)
		free(*dir);
	free(session->debug_dirs);
	free(session->vmlinux_option);
	free(session->arch_option);
	free(session->plugin_dir);
	free(session);
}

/* ------------------------------------------------------------------ vmlinux and back-end */

static size_t hex_to_bytes(const char *hex, uint8_t *ret, size_t max)
{
	size_t count = 0;

	for (; hex[0] && hex[1] && count < max; hex += 2)
		if (sscanf(hex, "%2hhx", &ret[count++]) != 1)
			return 0;
	return count;
}

static void bytes_to_hex(struct mmu_bytes bytes, char *ret, size_t size)
{
	ret[0] = '\0';
	for (uint64_t i = 0; i < bytes.count && 2 * i + 2 < size; i++)
		sprintf(ret + 2 * i, "%02x", bytes.data[i]);
}

/* What works without any task. */
static const char *works_without(struct mmu_session *session)
{
	if (!session->nr_linear)
		return "walk --pgd PA --format NAME";
	if (session->regimes.nr &&
	    mmu_image_span(session->image, session->regimes.regime[0].root_pa).state !=
		    MMU_PAGE_PRESENT)
		return "walk --pgd PA";
	return "walk --kernel, walk --pgd PA";
}

#define TRUNCATED "the file is truncated: %" PRIu64 " pages are missing"

/* Is something missing that a whole file may have? */
static bool is_truncated(const struct mmu_session *session, const struct mmu_error *error)
{
	return session->image->truncated_pages && mmu_error_code(error) == MMU_ERROR_FAULT;
}

struct mmu_error *mmu_session_tell_truncated(const struct mmu_session *session,
					     struct mmu_error *error)
{
	return !is_truncated(session, error)
		       ? error
		       : mmu_error_context(error, TRUNCATED, session->image->truncated_pages);
}

/*
 * What to say when a fact is missing: what was looked for, what would help, what works without.
 * @param itself  why the kernel in the image does not describe itself, or NULL: not asked yet
 */
static void set_hint(struct mmu_session *session, const struct mmu_error *itself)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->facts);
	const char *release = session->release, *id = session->build_id;
	const char *why = itself ? mmu_error_message(itself) : "";
	char reason[512], advice[256] = "name its vmlinux with -s", truncated[80] = "", hint[1024];
	uint64_t bytes;
	struct mmu_error *types = NULL;

	if (vmlinux)
		types = mmu_vmlinux_size(vmlinux, "task_struct", &bytes);
	if (types)
		snprintf(reason, sizeof(reason), "%s", mmu_error_message(types));
	else if (vmlinux)
		snprintf(reason, sizeof(reason), "%s has no symbols", mmu_vmlinux_path(vmlinux));
	else if (release[0] || id[0])
		snprintf(reason, sizeof(reason),
			 "no vmlinux with debug info was found for %s%s%s%s", release,
			 id[0] ? " (build-id " : "", id, id[0] ? ")" : "");
	else
		snprintf(reason, sizeof(reason), "the image does not say which kernel it holds");
	if (itself && is_truncated(session, itself)) {
		snprintf(truncated, sizeof(truncated), TRUNCATED "; ",
			 session->image->truncated_pages);
		snprintf(advice, sizeof(advice), "a vmlinux named with -s finds only what is left");
	} else if (mmu_vmlinux_is_debian(release, session->arch ? session->arch->flavours : NULL)) {
		snprintf(advice, sizeof(advice),
			 "install Debian's linux-image-%s-dbg, or name its vmlinux with -s",
			 release);
	} else if (release[0] || id[0]) {
		snprintf(advice, sizeof(advice),
			 "name the vmlinux with debug info of exactly this kernel with -s");
	}
	snprintf(hint, sizeof(hint), "%s%s%s%s; %s; without it %s, entry and arch work", truncated,
		 reason, itself ? ", and " : "", why, advice, works_without(session));
	mmu_fact_store_set_hint(session->facts, hint);
	mmu_error_destroy(types);
}

/* Look for a vmlinux where the user named none. None is no error: the hint says so later. */
static struct mmu_error *find_vmlinux(struct mmu_session *session, char **ret)
{
	uint8_t id[20];
	struct mmu_bytes build_id = { id, hex_to_bytes(session->build_id, id, sizeof(id)) };
	struct mmu_error *error = NULL;

	if (build_id.count || session->release[0])
		error = mmu_vmlinux_find((const char *const *)session->debug_dirs, build_id,
					 session->release, ret, NULL);
	if (!error && !*ret)
		set_hint(session, NULL);
	return error;
}

/*
 * Do vmlinux and image belong together, as far as their ids tell? Some kernels write garbage as
 * BUILD-ID (6.1.113 to 6.1.118 and others), so an id that differs is only final when the releases
 * differ too: otherwise the banner in memory decides, later.
 */
static struct mmu_error *compare_ids(struct mmu_session *session, struct mmu_vmlinux *vmlinux)
{
	char theirs[41];
	const char *banner = mmu_vmlinux_banner(vmlinux);
	size_t release_bytes = strlen(session->release);
	static const char intro[] = "Linux version ";

	bytes_to_hex(mmu_vmlinux_build_id(vmlinux), theirs, sizeof(theirs));
	if (session->force || (session->build_id[0] && strcmp(theirs, session->build_id) == 0))
		return NULL;
	bool release_differs = release_bytes && banner[0] &&
			       (strncmp(banner, intro, strlen(intro)) != 0 ||
				strncmp(banner + strlen(intro), session->release, release_bytes) !=
					0 ||
				banner[strlen(intro) + release_bytes] != ' ');
	if (!release_differs)
		return NULL;
	return mmu_error_new(MMU_ERROR_MISMATCH,
			     "%s does not belong to %s: it is %s (build-id %s), the image is of %s "
			     "(build-id %s); --force takes it all the same",
			     mmu_vmlinux_path(vmlinux), session->image->file.path,
			     banner[0] ? banner : "of an unknown release",
			     theirs[0] ? theirs : "none", session->release,
			     session->build_id[0] ? session->build_id : "not known");
}

static struct mmu_error *open_vmlinux(struct mmu_session *session)
{
	char *found MMU_FREE = NULL;
	struct mmu_vmlinux *vmlinux MMU_CLEANUP(cleanup_vmlinux) = NULL;
	const char *path = session->vmlinux_option;
	struct mmu_error *error = NULL;

	if (!path) {
		error = find_vmlinux(session, &found);
		path = found;
	}
	if (error || !path)
		return error;
	error = mmu_vmlinux_open(path, mmu_fact_store_wants(session->facts), &vmlinux);
	if (!error)
		error = compare_ids(session, vmlinux);
	if (!error)
		mmu_fact_store_set_vmlinux(session->facts, mmu_steal(vmlinux));
	return error;
}

/* Is the back-end that of vmlinux's machine, and of the one that the image names? */
static struct mmu_error *check_machine(struct mmu_session *session, const struct mmu_arch *arch)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->facts);
	uint16_t machine = session->image->elf_machine;

	if (!arch->elf_machine)
		return NULL;
	if (vmlinux && mmu_vmlinux_machine(vmlinux) != arch->elf_machine)
		return mmu_error_new(MMU_ERROR_MISMATCH, "%s is of ELF machine %u, the image of %s",
				     mmu_vmlinux_path(vmlinux), mmu_vmlinux_machine(vmlinux),
				     arch->name);
	if (machine == EM_NONE || machine == arch->elf_machine || session->force)
		return NULL;
	return mmu_error_new(MMU_ERROR_MISMATCH,
			     "%s is of ELF machine %u, the back-end %s is for %u; --force takes it "
			     "all the same",
			     session->image->file.path, machine, arch->name, arch->elf_machine);
}

static bool read_for_plugin(void *session, uint64_t va, void *buf, size_t bytes)
{
	struct mmu_error *error = mmu_kernel_read(session, va, buf, bytes, "memory");

	mmu_error_destroy(error);
	return !error;
}

struct mmu_error *mmu_session_set_arch(struct mmu_session *session, const struct mmu_arch *arch)
{
	const struct mmu_fact_hooks hooks = { mmu_translate, mmu_translate_next, read_for_plugin,
					      session };
	struct mmu_error *error = mmu_fact_store_set_arch(session->facts, arch, &hooks);

	if (!error)
		session->arch = arch;
	return error;
}

struct mmu_error *mmu_session_need_arch(struct mmu_session *session)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->facts);
	uint16_t machine = session->image->elf_machine;
	const char *name = session->arch_option;
	const struct mmu_arch *arch;

	if (session->arch)
		return check_machine(session, session->arch);
	if (machine == EM_NONE && vmlinux)
		machine = mmu_vmlinux_machine(vmlinux);
	if (!name)
		name = mmu_arch_name_of_machine(machine);
	if (!name && machine == EM_NONE)
		return mmu_error_new(MMU_ERROR_NOT_FOUND,
				     "%s does not say its architecture; name it with --arch, or "
				     "its vmlinux with -s",
				     session->image->file.path);
	if (!name)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "%s is of ELF machine %u: no back-end",
				     session->image->file.path, machine);
	struct mmu_error *error = mmu_arch_load(name, session->plugin_dir, &arch);
	if (!error)
		error = check_machine(session, arch);
	if (!error)
		error = mmu_session_set_arch(session, arch);
	return error;
}

/* ------------------------------------------------------------------ learning */

/* Nobody has told the release: the banner does, in its third word. */
static void read_release(struct mmu_session *session, uint64_t va)
{
	char word[sizeof(session->release)] = "";
	struct mmu_error *error = mmu_kernel_read(session, va, word, sizeof(word) - 1, "banner");
	size_t bytes = strcspn(word, " ");

	if (!error && word[bytes])
		memcpy(session->release, word, bytes);
	mmu_error_destroy(error);
}

/* Nothing in memory tells whether vmlinux is this kernel's: then its id must not deny it. */
static struct mmu_error *check_unproved(const struct mmu_session *session,
					struct mmu_vmlinux *vmlinux)
{
	char theirs[41] = "";

	if (vmlinux)
		bytes_to_hex(mmu_vmlinux_build_id(vmlinux), theirs, sizeof(theirs));
	if (session->force || !session->build_id[0] || !theirs[0] ||
	    strcmp(theirs, session->build_id) == 0)
		return NULL;
	return mmu_error_new(MMU_ERROR_MISMATCH,
			     "%s does not seem to belong to %s: its build-id is %s, not %s, and no "
			     "banner in both says that they do; --force takes it all the same",
			     mmu_vmlinux_path(vmlinux), session->image->file.path, theirs,
			     session->build_id);
}

static struct mmu_error *wrong_banner(const struct mmu_session *session,
				      struct mmu_vmlinux *vmlinux, uint64_t va, char *seen,
				      const char *expected)
{
	size_t same = 0;

	for (char *at = seen; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '.';
	while (seen[same] && seen[same] == expected[same])
		same++;
	same -= same < 16 ? same : 16; /* builds of one release differ at the end */
	return mmu_error_new(MMU_ERROR_MISMATCH,
			     "%s does not belong to %s: at linux_banner (virtual 0x%" PRIx64
			     ") memory holds '%s%.60s', not '%s%.60s'; --force takes it all the "
			     "same",
			     vmlinux ? mmu_vmlinux_path(vmlinux) : "VMCOREINFO",
			     session->image->file.path, va, same ? "..." : "", seen + same,
			     same ? "..." : "", expected + same);
}

/*
 * The banner in memory is the proof that slide, phys_base and symbols are right: it is vmlinux's,
 * or at least names the release that the notes name.
 */
static struct mmu_error *check_banner(struct mmu_session *session)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->facts);
	char expected[256] = "", seen[256] = "";
	uint64_t va;

	if (vmlinux) /* a separate debug file has none */
		snprintf(expected, sizeof(expected), "%s", mmu_vmlinux_banner(vmlinux));
	else if (session->release[0])
		snprintf(expected, sizeof(expected), "Linux version %s ", session->release);
	else
		snprintf(expected, sizeof(expected), "Linux version ");
	if (!expected[0] || !mmu_fact_get(session->facts, "SYMBOL(linux_banner)", &va))
		return check_unproved(session, vmlinux);
	struct mmu_error *error = mmu_kernel_read(session, va, seen, strlen(expected),
						  "linux_banner");
	if (error) { /* left out by makedumpfile, or truncated */
		mmu_error_destroy(error);
		return check_unproved(session, vmlinux);
	}
	if (strcmp(seen, expected) == 0) {
		mmu_fact_derive(session->facts, "verified(linux_banner)", va,
				vmlinux               ? "the banner in memory is vmlinux's"
				: session->release[0] ? "the banner in memory names the release of "
							"the notes"
						      : "a banner is there");
		if (!vmlinux && !session->release[0])
			read_release(session, va + strlen(expected));
		return NULL;
	}
	return session->force ? NULL : wrong_banner(session, vmlinux, va, seen, expected);
}

/* What finding tasks begins with: one symbol, one type. */
static bool tasks_known(struct mmu_session *session)
{
	uint64_t value;

	return mmu_fact_get(session->facts, "OFFSET(task_struct.tasks)", &value) &&
	       mmu_fact_get(session->facts, "SYMBOL(init_task)", &value);
}

/* Without a vmlinux that has symbols and types, the kernel in the image describes itself. */
static void take_from_itself(struct mmu_session *session)
{
	struct mmu_error *error = mmu_session_learn_from_itself(session);

	if (error && !tasks_known(session))
		set_hint(session, error);
	mmu_error_destroy(error);
}

const char *mmu_session_find_mappings(struct mmu_session *session)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(session->facts);
	const struct mmu_root root = { .size = sizeof(root), .kind = MMU_ROOT_KERNEL };
	const char *missing;

	session->nr_linear = session->regimes.nr = 0;
	session->kernel = (struct mmu_walker){ .image = session->image,
					       .arch = session->arch,
					       .regimes = &session->regimes };
	missing = session->arch->linear(facts, session->linear, &session->nr_linear);
	return missing ? missing : mmu_locate(session->arch, facts, &root, &session->regimes);
}

static struct mmu_error *learn(struct mmu_session *session)
{
	const char *missing;
	uint64_t value;

	mmu_session_find_vmcoreinfo(session);
	bool searched = session->arch;
	struct mmu_error *error = open_vmlinux(session);
	if (!error)
		error = mmu_session_need_arch(session);
	if (error)
		return error;
	if (!searched) /* only vmlinux said the architecture, which the search needs */
		mmu_session_find_vmcoreinfo(session);
	if (!session->arch->linear || !session->arch->locate)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "back-end %s knows formats but no kernels: give --pgd and "
				     "--format",
				     session->arch->name);
	missing = mmu_session_find_mappings(session);
	if (missing) {
		error = mmu_session_find_by_tables(session);
		if (error)
			return error;
		missing = mmu_session_find_mappings(session);
	}
	if (session->nr_linear && !tasks_known(session)) {
		take_from_itself(session);
		missing = mmu_session_find_mappings(session);
	}
	if (session->nr_linear) {
		error = check_banner(session);
		if (error)
			return error;
	}
	if (!missing)
		return NULL;
	session->regimes.nr = 0;
	error = mmu_fact_need(session->facts, "SYMBOL(init_task)", &value);
	return mmu_error_context(error ? error : mmu_error_new(MMU_ERROR_NOT_FOUND, "%s", missing),
				 "%s: can't find the kernel's mappings%s%s%s",
				 session->image->file.path,
				 session->vmcoreinfo_refuted ? "; the VMCOREINFO in the notes is "
							       "of another kernel or boot"
							     : "",
				 error ? "; " : "", error ? missing : "");
}

struct mmu_error *mmu_session_learn(struct mmu_session *session)
{
	if (session->learnt == MMU_LEARN_NOT_YET) {
		session->learn_error = learn(session);
		session->learnt = session->learn_error ? MMU_LEARN_FAILED : MMU_LEARN_DONE;
	}
	if (session->learnt == MMU_LEARN_DONE)
		return NULL;
	return mmu_error_new(mmu_error_code(session->learn_error), "%s",
			     mmu_error_message(session->learn_error));
}

/* ------------------------------------------------------------------ what is known */

/* Why no task can be found, or NULL. */
static const char *what_lacks(struct mmu_session *session)
{
	struct mmu_task task;

	if (!tasks_known(session))
		return mmu_fact_store_hint(session->facts);
	mmu_error_destroy(session->init_task_error);
	session->init_task_error = mmu_task_read_init(session, &task);
	return session->init_task_error ? mmu_error_message(session->init_task_error) : NULL;
}

void mmu_session_info(struct mmu_session *session, struct mmu_info *ret)
{
	const struct mmu_image *image = session->image;
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->facts);
	const struct mmu_facts *facts = mmu_fact_callbacks(session->facts);
	const uint8_t *data;
	uint64_t value;
	size_t bytes;

	memset(ret, 0, sizeof(*ret));
	ret->path = image->file.path;
	ret->image_format = image->format;
	ret->reader = image->reader->name;
	ret->arch = session->arch ? session->arch->name : "";
	ret->release = session->release;
	ret->build_id = session->build_id;
	ret->vmlinux = vmlinux ? mmu_vmlinux_path(vmlinux) : "";
	ret->warning = image->warning;
	ret->lacks = session->learnt == MMU_LEARN_DONE ? what_lacks(session) : NULL;
	ret->kernel = session->regimes.nr ? &session->regimes.regime[0] : NULL;
	ret->has_kaslr_offset = mmu_fact_get(session->facts, "KERNELOFFSET", &ret->kaslr_offset);
	/* as x86's VMCOREINFO calls it; ARM's PHYS_OFFSET is the same question's answer */
	ret->has_phys_base = mmu_fact_get(session->facts, "NUMBER(phys_base)", &value) ||
			     mmu_fact_get(session->facts, "PHYS_OFFSET", &value);
	ret->phys_base = ret->has_phys_base ? (int64_t)value : 0;
	ret->ram = image->ram;
	ret->nr_ram = image->nr_ram;
	ret->page_bytes = image->page_bytes;
	ret->present_pages = image->present_pages;
	ret->filtered_pages = image->filtered_pages;
	ret->truncated_pages = image->truncated_pages;
	ret->has_vmcoreinfo = image->vmcoreinfo.data;
	ret->vmcoreinfo_found = image->vmcoreinfo_found;
	ret->vmcoreinfo_refuted = session->vmcoreinfo_refuted;
	while (facts->note(facts->context, "QEMU", 0, ret->nr_cpu_states, &data, &bytes))
		ret->nr_cpu_states++;
	ret->linear = session->linear;
	ret->nr_linear = session->nr_linear;
}

bool mmu_session_fact(struct mmu_session *session, size_t n, struct mmu_fact *ret)
{
	return mmu_fact_nth(session->facts, n, ret);
}

struct mmu_error *mmu_session_symbol(struct mmu_session *session, const char *name,
				     uint64_t *ret_va)
{
	char key[128];
	struct mmu_error *error = mmu_session_learn(session);

	if (error)
		return error;
	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	return mmu_fact_need(session->facts, key, ret_va);
}

enum mmu_page_state mmu_session_read_phys(struct mmu_session *session, uint64_t pa, void *buf,
					  size_t bytes, uint64_t *ret_pa)
{
	return mmu_image_read(session->image, pa, buf, bytes, ret_pa);
}
