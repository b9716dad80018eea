"""The text of the completion files for bash, zsh and fish."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sanctum.shell.completions import COMMON, FILE, RUN, WORD, Entry

_BASH = r"""# Completion of sanctum for bash; made by python -m sanctum.cli.completions.

_sanctum_runs() {
  local folder="${SANCTUM_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/sanctum/runs}" file
  for file in "$folder"/*.json; do
    [[ -e $file ]] || continue
    file=${file##*/}
    printf '%s\n' "${file%.json}"
  done
}

_sanctum() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local word=${COMP_WORDS[1]} words='' options='--help'
  local known='@WORDS@'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words="$known --help --version"
  elif [[ " $known " != *" $word "* ]]; then
    return
  else
    case "$word:$before" in
@VALUES@
@COMMONVALUES@
    esac
    if [[ -z $words ]]; then
      case "$word" in
@OPTIONS@
      esac
      case "$word" in
        @COMMANDS@) options+=' @COMMON@' ;;
      esac
      if ((COMP_CWORD == 2)) && [[ $current != -* ]]; then
        case "$word" in
@FIRST@
        esac
      fi
    fi
  fi
  case "$words" in
    RUN) words=$(_sanctum_runs) ;;
    WORD) words=$known ;;
    FILE) COMPREPLY=($(compgen -f -- "$current")); return ;;
    '') words=$options ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _sanctum sanctum
"""

_ZSH = r"""#compdef sanctum
# Completion of sanctum for zsh; made by python -m sanctum.cli.completions.

_sanctum_runs() {
  local folder="${SANCTUM_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/sanctum/runs}"
  local -a found
  found=("$folder"/*.json(N:t:r))
  compadd -a found
}

_sanctum_words() {
  compadd -- @NAMES@
}

_sanctum() {
  local before=${words[CURRENT-1]} word=${words[2]}
  local -a known
  if ((CURRENT == 2)); then
    known=(
@WORDS@
    )
    _describe -t commands 'word' known
    return
  fi
  case "$word:$before" in
@VALUES@
@COMMONVALUES@
  esac
  if ((CURRENT == 3)) && [[ $PREFIX != -* ]]; then
    case "$word" in
@FIRST@
    esac
  fi
  compadd -- --help
  case "$word" in
@OPTIONS@
  esac
  case "$word" in
    @COMMANDS@) compadd -- @COMMON@ ;;
  esac
}

if [[ "${funcstack[1]}" == _sanctum ]]; then
  _sanctum "$@"
else
  compdef _sanctum sanctum
fi
"""

_FISH = r"""# Completion of sanctum for fish; made by python -m sanctum.cli.completions.

function __sanctum_runs
    set -l folder $SANCTUM_HOME
    if test -z "$folder"
        set -l state $XDG_STATE_HOME
        test -n "$state"; or set state $HOME/.local/state
        set folder $state/sanctum/runs
    end
    for file in $folder/*.json
        string replace -r '.*/(.*)\.json$' '$1' -- $file
    end
end

complete -c sanctum -f
complete -c sanctum -n __fish_use_subcommand -l help
complete -c sanctum -n __fish_use_subcommand -l version
set -l asks '__fish_seen_subcommand_from @COMMANDS@'
@COMMON@
@ENTRIES@
"""


def bash(found: list[Entry]) -> str:
    """The file for bash."""

    def cases(one: Entry) -> Iterable[str]:
        for name, of in one.values.items():
            yield f"      {one.word}:{name}) words='{of}' ;;"
        if one.free:
            yield f"      {_either(one)}) return ;;"

    return _filled(
        _BASH,
        WORDS=" ".join(one.word for one in found),
        VALUES="\n".join(line for one in found for line in cases(one)),
        COMMONVALUES="\n".join(
            f"      *:{name}) words='{of}' ;;" if of else f"      *:{name}) return ;;"
            for name, of in COMMON.items()
        ),
        OPTIONS="\n".join(
            f"        {one.word}) options+=' {' '.join(one.options)}' ;;"
            for one in found
            if one.options
        ),
        COMMANDS=_commands(found, "|"),
        COMMON=" ".join(COMMON),
        FIRST="\n".join(
            f"          {one.word}) words='{one.first}' ;;" for one in found if one.first
        ),
    )


def zsh(found: list[Entry]) -> str:
    """The file for zsh, for a folder of ``$fpath``."""

    def cases(one: Entry) -> Iterable[str]:
        for name, of in one.values.items():
            yield f"    {one.word}:{name}) {_zsh_values(of)}; return ;;"
        if one.free:
            yield f"    {_either(one)}) return ;;"

    return _filled(
        _ZSH,
        WORDS="\n".join(f"      '{one.word}:{_quotable(one.line)}'" for one in found),
        NAMES=" ".join(one.word for one in found),
        VALUES="\n".join(line for one in found for line in cases(one)),
        COMMONVALUES="\n".join(
            f"    *:{name}) {_zsh_values(of)}; return ;;" if of else f"    *:{name}) return ;;"
            for name, of in COMMON.items()
        ),
        OPTIONS="\n".join(
            f"    {one.word}) compadd -- {' '.join(one.options)} ;;" for one in found if one.options
        ),
        COMMANDS=_commands(found, "|"),
        COMMON=" ".join(COMMON),
        FIRST="\n".join(
            f"      {one.word}) {_zsh_values(one.first)}; return ;;" for one in found if one.first
        ),
    )


def fish(found: list[Entry]) -> str:
    """The file for fish."""
    known = " ".join(one.word for one in found)

    def values(source: str) -> str:
        return f" -a '{known}'" if source == WORD else _fish_values(source)

    def lines(one: Entry) -> Iterable[str]:
        line = _quotable(one.line)
        yield f"complete -c sanctum -n __fish_use_subcommand -a {one.word} -d '{line}'"
        seen = f"complete -c sanctum -n '__fish_seen_subcommand_from {one.word}'"
        for option in one.options:
            takes = " -x" if option in one.takes else ""
            yield f"{seen} -l {option[2:]}{takes}{values(one.values.get(option, ''))}"
        if one.first:
            yield f"{seen}{values(one.first)}"

    return _filled(
        _FISH,
        ENTRIES="\n".join(line for one in found for line in lines(one)),
        COMMANDS=_commands(found, " "),
        COMMON="\n".join(
            f'complete -c sanctum -n "$asks" -l {name[2:]} -x{values(of)}'
            for name, of in COMMON.items()
        ),
    )


FILES: dict[str, tuple[str, Callable[[list[Entry]], str]]] = {
    "bash": ("sanctum.bash", bash),
    "zsh": ("_sanctum", zsh),
    "fish": ("sanctum.fish", fish),
}
"""Each shell with the name of its file and what makes it."""


def _filled(text: str, **parts: str) -> str:
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def _commands(found: list[Entry], between: str) -> str:
    return between.join(one.word for one in found if one.asks)


def _either(one: Entry) -> str:
    return "|".join(f"{one.word}:{name}" for name in one.free)


def _zsh_values(source: str) -> str:
    known = {RUN: "_sanctum_runs", FILE: "_files", WORD: "_sanctum_words"}
    return known.get(source, f"compadd -- {source}")


def _fish_values(source: str) -> str:
    if source == FILE:
        return " -F"
    if source == RUN:
        return " -a '(__sanctum_runs)'"
    return f" -a '{source}'" if source else ""


def _quotable(line: str) -> str:
    return line.replace("'", "").replace(":", ",")
