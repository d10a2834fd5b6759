# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of mmuscope for bash. Commands and options come from the tool's own --help, so there is
# no second list to keep; only what an option's value can be is said here.

# Words of a command line: bash cuts --symbols=FILE at the "=", here it is one option and its value.
# Sets words=() of what comes before the cursor, cur, and option: the one whose value cur is, or "".
_mmuscope_split() {
    local i word

    words=() option=""
    cur=${COMP_WORDS[COMP_CWORD]}
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == "=" || ${COMP_WORDS[i - 1]} == "=" ]]; then
            ((${#words[@]})) && words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    if [[ $cur == "=" ]]; then
        option=${words[-1]} cur=""
        unset 'words[-1]'
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == "=" ]]; then
        option=${words[-1]%=}
        unset 'words[-1]'
    fi
}

# Options in a --help, as they are typed: --symbols= when it takes a value.
_mmuscope_options() {
    sed -n 's/^ *\(-[A-Za-z?], \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p' <<<"$1"
}

# By the options of a --help, $1, sets command to its name or "", given to its arguments so far,
# and option when the word before the cursor still waits for its value.
_mmuscope_parse() {
    local word waits="" with_value

    with_value=" $(sed -n 's/^ *\(-[A-Za-z]\), \(--[a-z-]*\)=.*/\1 \2/p
                           s/^ *\(--[a-z-]*\)=.*/\1/p' <<<"$1" | tr '\n' ' ') "
    command="" given=()
    for word in "${words[@]}"; do
        if [[ $waits ]]; then
            waits=""
        elif [[ $word == -?* ]]; then
            [[ $word == --*=* || $with_value != *" $word "* ]] || waits=$word
        elif [[ ! $command ]]; then
            command=$word
        else
            given+=("$word")
        fi
    done
    [[ $option ]] || option=$waits
}

_mmuscope_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_mmuscope_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The usual layout, however narrow the terminal: names of back-ends, and of the formats, levels or traits of one of them.
_mmuscope_arches() {
    COLUMNS=100 "$tool" arch 2>/dev/null | sed -n 's/^\([A-Za-z0-9_]*\): .*/\1/p'
}

_mmuscope_of_arch() {
    local script

    case $1 in
    formats) script='s/^  format \([^ :]*\):.*/\1/p' ;;
    levels) script='s/^ *[0-9]  \([^ ]*\)  *[0-9]*:[0-9].*/\1/p' ;;
    traits) script='/^  traits/,$ s/^    [* ] \([^ ]*\) .*/\1\nno-\1/p' ;;
    esac
    COLUMNS=100 "$tool" arch "${2:-x86_64}" 2>/dev/null | sed -n "$script"
}

# The value of --arch so far, or "".
_mmuscope_arch() {
    local i

    for ((i = 0; i < ${#words[@]}; i++)); do
        case ${words[i]} in
        --arch=*) echo "${words[i]#*=}" ;;
        --arch) echo "${words[i + 1]-}" ;;
        esac
    done
}

# Values of option, by what --help, $1, calls them.
_mmuscope_value() {
    local line kind="" pattern='^ *((-[A-Za-z]), )?(--[a-z-]+)=([^ ]+)'

    while IFS= read -r line; do
        if [[ $line =~ $pattern && $option == @("${BASH_REMATCH[2]}"|"${BASH_REMATCH[3]}") ]]; then
            kind=${BASH_REMATCH[3]}=${BASH_REMATCH[4]}
        fi
    done <<<"$1"
    case $kind in
    *=FILE) _mmuscope_files -f ;;
    *=DIR) _mmuscope_files -d ;;
    *=TYPE) _mmuscope_words "u8 u16 u32 u64 s8 s16 s32 s64 x8 x16 x32 x64 int" ;;
    *=WHEN) _mmuscope_words "always never auto" ;;
    --arch=*) _mmuscope_words "$(_mmuscope_arches)" ;;
    --format=*) _mmuscope_words "$(_mmuscope_of_arch formats "$(_mmuscope_arch)")" ;;
    --level=*) _mmuscope_words "$(_mmuscope_of_arch levels "$(_mmuscope_arch)")" ;;
    --slots=*) _mmuscope_words "va" ;;
    --trait=*) _mmuscope_words "$(_mmuscope_of_arch traits "$(_mmuscope_arch)")" ;;
    esac # pids, addresses and facts are for the user to know
}

_mmuscope_argument() {
    case $command in
    arch)
        case ${#given[@]} in
        0) _mmuscope_words "$(_mmuscope_arches)" ;;
        1) _mmuscope_words "$(_mmuscope_of_arch formats "${given[0]}")" ;;
        esac
        ;;
    entry) ;;
    extract) ((${#given[@]} > 1)) || _mmuscope_files -f ;;
    *) ((${#given[@]})) || _mmuscope_files -f ;;
    esac
}

_mmuscope() {
    local tool=$1 cur option help command
    local words given

    COMPREPLY=()
    # shellcheck disable=SC2088  # the word as it was typed
    [[ $tool != "~/"* ]] || tool=$HOME/${tool#"~/"}
    _mmuscope_split
    help=$("$tool" --help 2>/dev/null) || return
    _mmuscope_parse "$help"
    if [[ $command ]]; then
        help=$("$tool" "$command" --help 2>/dev/null) || return
        _mmuscope_parse "$help"
    fi
    if [[ $option ]]; then
        _mmuscope_value "$help"
    elif [[ $cur == -* ]]; then
        _mmuscope_words "$(_mmuscope_options "$help")"
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
    elif [[ $command ]]; then
        _mmuscope_argument
    else
        _mmuscope_words "$(sed -n '/^Commands:/,/^$/ s/^  \([a-z]*\) .*/\1/p' <<<"$help")"
    fi
}

complete -F _mmuscope mmuscope
