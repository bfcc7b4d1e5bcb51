"""The scripts by which shells ask what a line can go on with, and how they are answered.

A script sends the line as far as it is typed. Of what comes back each line is `plain`, `dir` or
`file`, a comma, and a value, behind which may stand a tab and what it means. The scripts that click
has would cut values at `:` and at commas, which selections are made of.
"""

from __future__ import annotations

import os
from typing import Final

from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    split_arg_string,
)

VARIABLE: Final = "_FFC_COMPLETE"

_BASH: Final = """\
%(complete_func)s() {
    local line word kept answer item value
    line=${COMP_LINE:0:COMP_POINT}
    word=${line##*[[:space:]]}
    [[ $word == -*=* ]] && word=${word#*=}
    # Words are broken at characters such as `:`: what is before the last of them stays, but for
    # an `@`, which is part of what follows it.
    kept=${word%%"${word##*["$COMP_WORDBREAKS"]}"}
    kept=${kept%%@}
    COMPREPLY=()
    answer=$(env COMP_WORDS="$line" %(complete_var)s=bash_complete "$1") || return
    while IFS= read -r item; do
        item=${item%%%%$'\\t'*}
        value=${item#*,}
        case ${item%%%%,*} in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$kept"}") ;;
        esac
    done <<< "$answer"
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH: Final = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local line item value
    local -a whole shown open
    line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    for item in "${(@f)$(env COMP_WORDS="$line" %(complete_var)s=zsh_complete %(prog_name)s)}"; do
        value=${${item#*,}%%%%$'\\t'*}
        case ${item%%%%,*} in
            dir) _files -/ ;;
            file) _files ;;
            plain)
                if [[ $value == *: ]]; then
                    open+=("$value")
                else
                    whole+=("$value")
                    shown+=("${${item#*,}/$'\\t'/  -- }")
                fi ;;
        esac
    done
    (( $#whole )) && compadd -U -V ffc -l -d shown -a whole
    # A value comes behind the colon.
    (( $#open )) && compadd -U -V methods -S '' -a open
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH: Final = """\
function %(complete_func)s
    for item in (env COMP_WORDS=(commandline -cp | string collect) \
%(complete_var)s=fish_complete %(prog_name)s)
        set -l parts (string split -m 1 , $item)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                echo $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Lines(ShellComplete):
    """A shell that sends the line, and takes an answer a line."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is typed, and that one."""
        line = os.environ.get("COMP_WORDS", "")
        words = split_arg_string(line)[1:]
        if not words or line[-1:].isspace():
            return words, ""
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Return the kind of an answer, the answer, and what it means where that is known."""
        said = " ".join((item.help or "").split())
        return f"{item.type},{item.value}" + (f"\t{said}" if said else "")


class Bash(_Lines):
    """bash, from 4.4 on."""

    name = "bash"
    source_template = _BASH


class _Words(_Lines):
    """A shell that takes words whole: with the option before a value that is typed with it."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return what the line can go on with."""
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if not (equals and option.startswith("--")):
            return found
        return [CompletionItem(f"{option}={i.value}", i.type, i.help) for i in found]


class Zsh(_Words):
    """zsh."""

    name = "zsh"
    source_template = _ZSH


class Fish(_Words):
    """fish."""

    name = "fish"
    source_template = _FISH


SHELLS: Final = {shell.name: shell for shell in (Bash, Zsh, Fish)}


def answer_shells() -> None:
    """Have click answer shells in this way."""
    for shell in SHELLS.values():
        add_completion_class(shell)
