/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the commands share: options, messages, addresses, output. */
#ifndef MMU_TOOL_H
#define MMU_TOOL_H

#include <argp.h>
#include <stdio.h>

#include "mmuscope/mmuscope.h"
#ifdef TOOL_THREAD_STREAMS
#include "streams.h"
#endif

/** Exit statuses, as documented. If several hold, the greatest wins. */
enum tool_status {
	TOOL_OK = 0,       /**< all that was asked is mapped, or clean */
	TOOL_ANSWERED = 1, /**< answered, but something is not mapped or not there */
	TOOL_USAGE = 2,
	TOOL_UNUSABLE = 3, /**< the image, the symbols or a plugin can't be used */
};

/** How mmu_info.given_up is told. */
#define TOOL_GIVEN_UP                                                                              \
	"%s was given up: it takes more work or memory than files of this size on disk are "       \
	"worth; --budget FACTOR raises the limit"

#define TOOL_RAW_MAX 64
#define TOOL_LIST_MAX 64

/** The options that every command takes. */
struct tool {
	struct mmu_options options;
	struct mmu_raw_range raw[TOOL_RAW_MAX];
	const struct mmu_raw_range *raw_list[TOOL_RAW_MAX + 1];
	const char *facts[TOOL_LIST_MAX + 1];
	const char *debug_dirs[TOOL_LIST_MAX + 1];
	const char *parts[TOOL_LIST_MAX + 1];
	size_t nr_raw, nr_facts, nr_debug_dirs, nr_parts;
	char *environment;  /* what debug_dirs has from it, or NULL */
	bool json, tsv;     /* one of them, or text */
	bool warned;        /* the command has told info.warning itself */
	bool no_sandbox;    /* nothing is confined */
	bool waits;         /* another session is still to be opened, or to learn */
	const char *output; /* the new file that the command will write, or NULL */
	struct mmu_session *session;
};

/** One command. */
struct tool_command {
	const char *name;
	const char *summary;
	int (*run)(struct tool *tool, int argc, char **argv);
};

extern const struct argp tool_global_argp;

/** Nothing is chosen yet. */
void tool_init(struct tool *tool);

int tool_info(struct tool *tool, int argc, char **argv);
int tool_ps(struct tool *tool, int argc, char **argv);
int tool_walk(struct tool *tool, int argc, char **argv);
int tool_maps(struct tool *tool, int argc, char **argv);
int tool_read(struct tool *tool, int argc, char **argv);
int tool_extract(struct tool *tool, int argc, char **argv);
int tool_entry(struct tool *tool, int argc, char **argv);
int tool_compare(struct tool *tool, int argc, char **argv);
int tool_stat(struct tool *tool, int argc, char **argv);
int tool_tables(struct tool *tool, int argc, char **argv);
int tool_arch(struct tool *tool, int argc, char **argv);

struct tool_space;

/** End the program with one line and TOOL_UNUSABLE. */
_Noreturn void tool_no_memory(void);

/** End the program with a line if argp could not parse: it has no memory. */
void tool_must_parse(int error);

/** Parse a command's arguments together with the global options and, unless NULL, the space's. */
void tool_parse(struct tool *tool, int argc, char **argv, const struct argp_option *options,
		argp_parser_t parser, const char *args_doc, const char *doc, void *input,
		struct tool_space *space);

/**
 * From now on SIGINT no longer ends the process: callers must poll tool_interrupted(). Call it when
 * the kernel is learnt, before output or a file that must be removed on failure begins.
 */
void tool_catch_interrupt(void);

/**
 * For commands that open no image: refuse the options that say how to open one.
 * @return TOOL_OK, or TOOL_USAGE after one line on stderr
 */
int tool_refuse_image_options(const struct tool *tool);

/** Take from the environment what the options have left open of how an image is opened. */
void tool_take_environment(struct tool *tool);

/** Has SIGINT come? If so, loops end at the next whole line. */
bool tool_interrupted(void);

/*
 * How far long work is: one line on standard error, where that is a terminal, after a second. It
 * goes when anything is printed, and at the end. Nothing has to be done for it to come: sessions
 * and spaces inherit the tool's hook. A command whose loop makes many library calls (one a process,
 * one an address) counts by itself, as often as it likes, and the line shows that count then:
 *
 *	while (... && !tool_interrupted())
 *		tool_progress("processes", done++, nr_processes);
 *	tool_progress_end();
 */

/**
 * "mmuscope: 12 of 400 processes, about 3 s left".
 * @param what   a string literal
 * @param total  0: not known
 */
void tool_progress(const char *what, uint64_t done, uint64_t total);

/** Such a loop is over: the library counts again. */
void tool_progress_end(void);

/** The tool's hook, for options that don't inherit it: progress, and SIGINT. */
const struct mmu_hook *tool_progress_hook(void);

/**
 * Open the session on `image`, or on /proc/kcore for "live".
 * @return TOOL_OK, or TOOL_UNUSABLE after one line on stderr
 */
int tool_open(struct tool *tool, const char *image);

/** The same for several tools, each with its image: what is open then, was all that there is. */
int tool_open_all(struct tool *const *tools, const char *const *images, size_t nr);

/**
 * The kernel is learnt, and nothing more has to be opened: see to it that nothing can be. Does
 * nothing when it has not learnt, or while tool->waits. @return TOOL_OK, or TOOL_UNUSABLE
 */
int tool_seal(struct tool *tool);

/**
 * Whether the image could be read to the end, when all is answered.
 * @return `status`, or TOOL_UNUSABLE after one line on stderr
 */
int tool_check_image(const struct tool *tool, int status);

/**
 * Close the session, if there is one. If there was an answer (status), print a line on stderr when
 * the image's notes were wrong, and one when nothing asked for a fact of --fact.
 */
void tool_close(struct tool *tool, int status);

/** One line "mmuscope: ..." on standard error; destroys the error. @return its exit status */
int tool_fail(const struct tool *tool, struct mmu_error *error);

#define TOOL_TEXT_MAX 2048

/** What an error says, and which option would help; "" for NULL. @return ret */
const char *tool_error_text(const struct tool *tool, const struct mmu_error *error,
			    char ret[TOOL_TEXT_MAX]);

/** The same, as tool_safe() gives it. */
const char *tool_message(const struct tool *tool, const struct mmu_error *error);

/** The facts of a session; ends the tool when there is no memory. */
struct mmu_facts_iter *tool_facts_open(struct mmu_session *session);

/** One line on stderr when sources of facts disagree. Accepts NULL. */
void tool_warn(struct mmu_session *session);

/** Room that these two need at least, whatever the number. */
#define TOOL_NUMBER_BYTES 24
/** "0x" and digits, as many as there are and no fewer than `least`, 16 at most. @return behind */
char *tool_put_hex(char *to, uint64_t value, unsigned int least);
/** Decimal. @return behind */
char *tool_put_number(char *to, uint64_t value);

/*
 * Numbers as people write them. All return false for what is none, or does not fit; *ret is
 * untouched then.
 */

/** A count, a pid, a CPU: decimal, or with 0x. */
bool tool_number(const char *text, uint64_t *ret);
/** An address or a raw entry: hexadecimal, with or without 0x, as logs and maps write it. */
bool tool_hex(const char *text, uint64_t *ret);
/**
 * As tool_hex(), of what a text begins with: 16 digits at most.
 * @return what follows them; NULL, with *ret untouched: there are none
 */
const char *tool_hex_run(const char *text, uint64_t *ret);
/** Bytes: as tool_number(), and K, M, G behind it. */
bool tool_bytes(const char *text, uint64_t *ret);

/**
 * An address: a number, or SYMBOL, SYMBOL+N, SYMBOL-N.
 * @return TOOL_OK; after one line on stderr TOOL_USAGE, or _UNUSABLE when no symbols are known
 */
int tool_address(struct tool *tool, const char *text, uint64_t *ret);

/**
 * FIRST-LAST, the argument of --range: two addresses, the last one included.
 * @return as tool_address(), after one line on stderr
 */
int tool_range(struct tool *tool, const char *text, uint64_t *ret_first_va, uint64_t *ret_last_va);

/** Refuse to replace a file. @return TOOL_OK, or TOOL_UNUSABLE after one line on stderr */
int tool_output_check(const char *path);

/* ------------------------------------------------------------------ choosing an address space */

/** The options --pid --comm --task --mm --pgd --cpu --kernel --user-half --format. */
struct tool_space {
	struct mmu_space_query query; /* its size and value are set when it is used */
	bool chosen;
	bool many;        /**< the command takes several pids */
	const char *text; /**< of --task or --mm, which may be a symbol; else NULL */
	const char *comm; /**< NULL: the task is not chosen by its name */
	int32_t pids[TOOL_LIST_MAX];
	size_t nr_pids;
};

/** Keys of the space options, beyond any character. */
enum { TOOL_KEY_SPACE = 0x200 };

/** An argp child for the space options; its input is a struct tool_space. */
extern const struct argp tool_space_argp;

/** "One of --pid, --comm, ...", for messages. */
extern const char tool_space_names[];

/** Is this the task's name? One of more than 15 bytes is cut, as the kernel cuts it. */
bool tool_is_comm(const struct mmu_task *task, const char *name);

/**
 * Open the space that the options choose; of several pids that of the first.
 * @return TOOL_OK, or an exit status after lines on stderr
 */
int tool_space_open(struct tool *tool, const struct tool_space *space, struct mmu_space **ret);

/** Open the space of a process or thread, with the flags that the options choose. Likewise. */
int tool_space_open_pid(struct tool *tool, const struct tool_space *space, int32_t pid,
			struct mmu_space **ret);

/** One line on stderr where a space has a warning. */
void tool_space_warn(const struct mmu_space *space);

/** A walk to be used again and again; ends the tool when there is no memory. */
struct mmu_walk *tool_walk_create(void);

/** The entries of a table; ends the tool when there is no memory. */
struct mmu_entries *tool_entries_open(struct mmu_space *space, const struct mmu_regime *regime,
				      unsigned int level, uint64_t table_pa);

/** The first regime of Linux's own tables: as good as any for names, levels and page sizes. */
const struct mmu_regime *tool_linux_regime(const struct mmu_space *space);

/** Why there is no hashed table to be shown, in words; valid until the next call. */
const char *tool_no_hashed_table(struct mmu_session *session);

/** The tables that a walk went through; where the address belongs to none, the space's first. */
const struct mmu_regime *tool_regime(const struct mmu_space *space, const struct mmu_walk *walk);

/** The pid to show in JSON: the task's, or -1. */
int tool_space_pid(const struct mmu_space *space);

/* ------------------------------------------------------------------ text */

enum tool_colour { TOOL_PLAIN, TOOL_BOLD, TOOL_DIM, TOOL_GOOD, TOOL_BAD };

/** When text is coloured. */
enum tool_colours {
	TOOL_COLOURS_AUTO, /**< on a terminal, unless NO_COLOR is set */
	TOOL_COLOURS_ALWAYS,
	TOOL_COLOURS_NEVER,
};

/** What --color says; TOOL_COLOURS_AUTO until then. */
void tool_set_colours(enum tool_colours wanted);

/** The escape sequence that starts a colour, "" where none are wanted. */
const char *tool_colour(enum tool_colour colour);

/** That of a level, the same wherever the level is named; TOOL_PLAIN ends it. */
const char *tool_level_colour(unsigned int level);

/** Width of the terminal, or of what stands for one: COLUMNS; 100 where there is neither. */
unsigned int tool_columns(void);

/** Is that too narrow for the usual layout? Then text stands below what it stands beside. */
bool tool_narrow(void);

/**
 * Print lines that are no longer than `width`, as far as words can be broken.
 * @param first    stands before each line of the text
 * @param further  blanks before what goes on below
 */
void tool_wrapped(const char *text, const char *first, unsigned int further, unsigned int width);

/**
 * On a narrow terminal, from now on: a line of standard output that is too long goes on below,
 * indented more than it is itself, and by `margin` if it isn't. Does nothing with --json.
 */
void tool_fold(const struct tool *tool, unsigned int margin);

/** A label, in front of what belongs to it; on a narrow terminal that stands below. */
void tool_label(const char *label);
/** A label and a line of text. */
void tool_row(const char *label, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** A column of a table. */
struct tool_column {
	const char *title;
	int width; /**< as printf() takes it: negative for text */
	int gap;   /**< blanks before it */
};

/** The titles; nothing on a narrow terminal, where each cell has its own. */
void tool_table_head(const struct tool_column *columns, size_t nr);
/** On a narrow terminal cells that are "-" are left out. */
void tool_table_row(const struct tool_column *columns, size_t nr, const char *const *cells);

#define TOOL_CELLS_MAX 16

/** A row's cells, some of which are made here. */
struct tool_cells {
	char text[TOOL_CELLS_MAX][80];
	const char *cells[TOOL_CELLS_MAX]; /**< as tool_table_row() takes them */
};

/** Make a cell; what is too long is cut. */
void tool_cell(struct tool_cells *cells, size_t column, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));
/** Make a cell of a decimal number. */
void tool_cell_number(struct tool_cells *cells, size_t column, int64_t value);
/** Make a cell of an address without 0x; it has that many digits, or more. */
void tool_cell_hex(struct tool_cells *cells, size_t column, uint64_t value, unsigned int digits);

/** Bytes of hostile origin, made safe for a terminal: \n, \x1b. Up to four calls can be alive. */
const char *tool_safe(const char *bytes);

/** What a VMA maps, with odd bytes as \012; valid until the next call. */
const char *tool_vma_name(const struct mmu_vma_info *vma);

/** "rw-p", as /proc/PID/maps has it; `ret` has room for 5 bytes. */
const char *tool_vma_rights(const struct mmu_vma_info *vma, char ret[5]);

/** "4 KiB", "2 MiB": sizes that are powers of two; else bytes. Up to four calls can be alive. */
const char *tool_size(uint64_t bytes);

/** A regime of a format, by its sample: the first. */
const struct mmu_regime *tool_format_regime(const struct mmu_arch *arch,
					    const struct mmu_format *format);

/** The widest physical address of a format, by its sample: 52. */
unsigned int tool_pa_bits(const struct mmu_arch *arch, const struct mmu_format *format);

/** Flags of an entry as "A B C"; `ret` has room for 512 bytes. */
const char *tool_flags(const struct mmu_regime *regime, const struct mmu_step *step, bool second,
		       char ret[512]);

/** "table", "leaf", ... */
const char *tool_kind(enum mmu_kind kind);

/* ------------------------------------------------------------------ JSON Lines */

/** To be called before all else here, and before the tool is sealed. */
void json_prepare(void);
/** Begin a line: {"schema": "mmuscope.<thing>/1". */
void json_begin(const char *thing);
/** Have so many bytes more for this line: what it is made of until then asks for no memory. */
void json_reserve(size_t bytes);
/** End the line and write it at once, whole. */
void json_end(void);
/** Release what this thread's lines were made with. */
void json_release(void);
void json_string(const char *key, const char *value);
void json_hex(const char *key, uint64_t value);
void json_number(const char *key, int64_t value);
void json_bool(const char *key, bool value);
void json_null(const char *key);
/** key NULL: inside an array. */
void json_object(const char *key);
void json_object_end(void);
void json_array(const char *key);
void json_array_end(void);
/** An array of the entry's flag names. */
void json_flags(const char *key, const struct mmu_regime *regime, const struct mmu_step *step,
		bool second);

/* ------------------------------------------------------------------ TSV */

/** The option --tsv of commands that have rows; its key is beyond any of theirs. */
enum { TOOL_KEY_TSV = 0x400 };
#define TOOL_TSV_OPTION                                                                            \
	{                                                                                          \
		"tsv", TOOL_KEY_TSV, NULL, 0, "Tab-separated rows with a header instead of text",  \
			1                                                                          \
	}

/** The header line: names with blanks between; "va:" is an address, with two columns. */
void tsv_header(const char *names);
/** A cell, "" for NULL. Tabs, line ends and what else is no printable ASCII are escaped. */
void tsv_text(const char *text);
/** Two cells: in hexadecimal, and as a decimal number; both empty when it is not known. */
void tsv_hex(bool known, uint64_t value);
/** An empty cell when it is not known. */
void tsv_number(bool known, int64_t value);
/** End the row. */
void tsv_end(void);

/* ------------------------------------------------------------------ values */

/** A type of --value. */
struct tool_type;

/** @return NULL for an unknown name. */
const struct tool_type *tool_type_find(const char *name);
/** "u8 u16 ..." for the help. */
const char *tool_type_names(void);
/** No type is wider. */
#define TOOL_TYPE_BYTES_MAX 8
size_t tool_type_bytes(const struct tool_type *type);
/** A value as text, from its bytes; `ret` has room for 64. @return ret */
const char *tool_type_text(const struct tool_type *type, bool big_endian,
			   const unsigned char *bytes, char ret[64]);
/**
 * The value at an address as text.
 * @param ret   has room for 64 bytes
 * @param stop  where it can't be read; may be NULL
 * @return ret, or NULL: not all of it can be read
 */
const char *tool_type_read(const struct tool_type *type, bool big_endian, struct mmu_space *space,
			   uint64_t va, char ret[64], struct mmu_walk *stop);

#endif
