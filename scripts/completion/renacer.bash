# SPDX-License-Identifier: MIT
# Completion in bash for rn and its commands. Options come from the command's own --help, so that
# they are those of the version that is installed.

_rn_options() {
    "$1" --help 2>/dev/null | grep -oE '(^|[ ,])--?[A-Za-z][-A-Za-z]*' | tr -d ' ,'
}

_rn_kinds='syscall process signal module descriptor kernel block notice loss'
_rn_classes='%desc %file %ipc %memory %network %process %signal'

# The word to complete is the argument of an option: 0 where that was taken care of.
_rn_argument() {
    case $1 in
    -e | --expr)
        mapfile -t COMPREPLY < <(compgen -W "$_rn_classes failed !failed kind= all none" -- "$2")
        ;;
    --kind) mapfile -t COMPREPLY < <(compgen -W "$_rn_kinds" -- "$2") ;;
    -p | --pid) mapfile -t COMPREPLY < <(cd /proc && compgen -G "[0-9]*" | grep "^$2") ;;
    --content) mapfile -t COMPREPLY < <(compgen -W 'none 32 4096 all' -- "$2") ;;
    --from | --to | --min-duration | --tid | -n | --count | -s | --strings | --max-size | --last) ;;
    *) return 1 ;;
    esac
}

_rn_recordings() {
    local name
    mapfile -t COMPREPLY < <(
        compgen -G "$1*.rna"
        compgen -G "$1*.rna.part"
        compgen -d -S / -- "$1"
        [[ - == "$1"* ]] && echo -
    )
    for name in "${COMPREPLY[@]}"; do
        [[ $name != */ ]] || compopt -o nospace 2>/dev/null
    done
}

# _rn_complete COMMAND FIRST: complete COMP_WORDS, whose arguments of COMMAND begin at FIRST.
_rn_complete() {
    local command=$1 first=$2 word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local i
    COMPREPLY=()
    if [[ $command == *rn-record ]]; then
        # Behind "--" is another program's command line.
        for ((i = first; i < COMP_CWORD; i++)); do
            if [[ ${COMP_WORDS[i]} == -- ]]; then
                if declare -F _command_offset >/dev/null; then
                    _command_offset $((i + 1))
                else
                    mapfile -t COMPREPLY < <(compgen -c -f -- "$word")
                fi
                return
            fi
        done
    fi
    if ((COMP_CWORD > first)) && _rn_argument "$previous" "$word"; then
        return
    fi
    if [[ $word == -?* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_rn_options "$command")" -- "$word")
    elif [[ $previous == -o || $previous == --output ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    else
        _rn_recordings "$word"
    fi
}

_rn_command() {
    _rn_complete "$1" 1
}

_rn() {
    local verbs
    if ((COMP_CWORD == 1)); then
        verbs=$("$1" help 2>/dev/null | sed -n 's/^  \([a-z][-a-z]*\)  *.*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$verbs --version" -- "${COMP_WORDS[1]}")
    elif ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == help ]]; then
        verbs=$("$1" help 2>/dev/null | sed -n 's/^  \([a-z][-a-z]*\)  *.*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "${COMP_WORDS[2]}")
    else
        _rn_complete "$1-${COMP_WORDS[1]}" 2
    fi
}

complete -F _rn rn
complete -F _rn_command rn-cat rn-info rn-record rn-stat
