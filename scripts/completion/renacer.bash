# SPDX-License-Identifier: MIT
# bash completion of rn and the rn-* commands. Options come from the command's own --help, so they
# are always those of the version that is installed. rn's --help tells of verbs: its options are here.

_renacer_verbs() {
    compgen -c rn- | sed 's/^rn-//' | sort -u
}

# An option begins its line or stands behind two blanks, as in the second column of the last lines; its
# long form follows its letter and a comma. Other dashes are prose, which names options of others too.
_renacer_options() {
    "$1" --help 2>/dev/null | sed -nE '/^ +-/s/  +/\n/gp' |
        sed -E 's/^(-[A-Za-z]), --/\1\n--/' |
        grep -oE -- '^-(-[a-z][a-z0-9-]*|[A-Za-z])' | sort -u
}

_renacer_expressions() {
    compgen -W '%file %network %process %memory %ipc %desc %signal all none failed kind=' -- "$1"
}

_renacer() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[0]}
    COMPREPLY=()
    if [[ ${command##*/} == rn ]]; then
        if ((COMP_CWORD == 1)); then
            mapfile -t COMPREPLY < <(compgen -W "$(_renacer_verbs) -h --help -V --version" \
                -- "$current")
            return
        fi
        command=rn-${COMP_WORDS[1]}
    fi
    # --option=value comes as three words.
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $current == = ]] && current=
    case $previous in
    --engine)
        mapfile -t COMPREPLY < <(compgen -W 'auto inline ptrace' -- "$current")
        return
        ;;
    -e | --expr)
        mapfile -t COMPREPLY < <(_renacer_expressions "$current")
        return
        ;;
    --kind)
        mapfile -t COMPREPLY < <(compgen -W 'syscall process signal module descriptor kernel block
            api transfer decision aggregate span counter flow edge object notice loss' -- "$current")
        return
        ;;
    --type)
        mapfile -t COMPREPLY < <(compgen -W 'timeline histogram cdf heatmap throughput flame bandwidth
            models spacetime' -- "$current")
        return
        ;;
    -p | --pid)
        mapfile -t COMPREPLY < <(cd /proc && compgen -G '[0-9]*' | grep "^$current")
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_renacer_options "$command")" -- "$current")
    elif [[ $command == *rn-record ]]; then
        mapfile -t COMPREPLY < <(compgen -c -f -- "$current")
    elif [[ $command == *rn-convert ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -X '!*.rna*' -- "$current"; compgen -d -- "$current")
    fi
}

complete -F _renacer rn rn-record rn-info rn-cat rn-stat rn-diff rn-validate rn-merge rn-graph rn-scrub \
    rn-backend-fit rn-convert rn-export-otlp rn-plot
