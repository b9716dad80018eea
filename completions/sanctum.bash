# Completion of sanctum for bash; made by python -m sanctum.cli.completions.

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
  local known='shell exec demo train completions actions attach brain echo env envs events expect help overwatch quit rewards run runs seed seeds set source vitals exit overnight triage'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words="$known --help --version"
  elif [[ " $known " != *" $word "* ]]; then
    return
  else
    case "$word:$before" in
      shell:--run) words='RUN' ;;
      shell:--wait) return ;;
      exec:--run) words='RUN' ;;
      exec:--format) words='table plain json csv md' ;;
      exec:-c|exec:--at|exec:--timeout|exec:--wait) return ;;
      demo:--task|demo:--updates|demo:--run-id) return ;;
      train:--run-id) words='RUN' ;;
      train:--envs|train:--episode-length|train:--updates|train:--seed|train:--task|train:--device|train:--set) return ;;
      actions:--window) return ;;
      attach:--format) words='table plain json csv md' ;;
      echo:--format) words='table plain json csv md' ;;
      envs:--sort|envs:--where|envs:-n|envs:--limit) return ;;
      events:--severity) words='debug info warn error critical' ;;
      events:--type|events:--env|events:--since|events:-n|events:--limit) return ;;
      expect:--env) return ;;
      help:--format) words='table plain json csv md' ;;
      quit:--format) words='table plain json csv md' ;;
      rewards:--window) return ;;
      runs:--format) words='table plain json csv md' ;;
      seeds:--stage|seeds:--env|seeds:-n|seeds:--limit) return ;;
      set:--format) words='table plain json csv md' ;;
      source:--format) words='table plain json csv md' ;;
      *:--run) words='RUN' ;;
      *:--at) return ;;
      *:--format) words='table plain json csv md' ;;
      *:--timeout) return ;;
      *:--wait) return ;;
    esac
    if [[ -z $words ]]; then
      case "$word" in
        shell) options+=' --run --plain --wait' ;;
        exec) options+=' --run --at --format --timeout --wait --trace' ;;
        demo) options+=' --task --updates --run-id --plain --tour' ;;
        train) options+=' --envs --episode-length --updates --seed --task --device --run-id --set --sanctum --overwatch --no-record --list-settings' ;;
        actions) options+=' --window --more' ;;
        attach) options+=' --format' ;;
        brain) options+=' --more' ;;
        echo) options+=' --format' ;;
        env) options+=' --more' ;;
        envs) options+=' --sort --where --limit --more --cards' ;;
        events) options+=' --severity --type --env --since --limit' ;;
        expect) options+=' --env' ;;
        help) options+=' --more --format' ;;
        quit) options+=' --format' ;;
        rewards) options+=' --window --actions' ;;
        run) options+=' --more --sizes --traceback' ;;
        runs) options+=' --reap --format' ;;
        seed) options+=' --more' ;;
        seeds) options+=' --stage --env --limit --more' ;;
        set) options+=' --format' ;;
        source) options+=' --format' ;;
      esac
      case "$word" in
        actions|brain|env|envs|events|expect|overwatch|rewards|run|seed|seeds|vitals|exit|overnight|triage) options+=' --run --at --format --timeout --wait' ;;
      esac
      if ((COMP_CWORD == 2)) && [[ $current != -* ]]; then
        case "$word" in
          shell) words='RUN' ;;
          exec) words='FILE' ;;
          train) words='ppo' ;;
          completions) words='bash zsh fish' ;;
          attach) words='RUN' ;;
          help) words='WORD' ;;
          seeds) words='top bottom oldest' ;;
          source) words='FILE' ;;
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
