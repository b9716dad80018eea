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
  local known='shell exec demo train esper import export completions actions around at attach blueprints brain counterfactual decision diff echo env envs episodes event events expect explain find flip hall help history note overwatch plot quit replay report rewards run runs saliency seed seeds set source step vitals what-if why why-not cf exit overnight triage'
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
      train:--envs|train:--episode-length|train:--updates|train:--seed|train:--task|train:--device|train:--fault|train:--set|train:--keep-bytes) return ;;
      esper:--run-id) words='RUN' ;;
      import:--format) words='table plain json csv md' ;;
      import:--run-id) return ;;
      export:--to) words='parquet tensorboard' ;;
      export:--format) words='table plain json csv md' ;;
      export:--as|export:--steps) return ;;
      actions:--window) return ;;
      around:--window|around:--env) return ;;
      attach:--format) words='table plain json csv md' ;;
      echo:--format) words='table plain json csv md' ;;
      envs:--sort|envs:--where|envs:-n|envs:--limit) return ;;
      episodes:--env|episodes:--sort|episodes:-n|episodes:--limit) return ;;
      events:--severity) words='debug info warn error critical' ;;
      events:--type|events:--env|events:--slot|events:--since|events:-n|events:--limit) return ;;
      expect:--env) return ;;
      find:--env|find:-n|find:--limit) return ;;
      flip:-n|flip:--limit|flip:--with) return ;;
      hall:--task|hall:-n|hall:--limit) return ;;
      help:--format) words='table plain json csv md' ;;
      history:--env|history:--last|history:--since|history:-n|history:--limit) return ;;
      plot:--out) words='FILE' ;;
      plot:--env|plot:--last|plot:--since) return ;;
      quit:--format) words='table plain json csv md' ;;
      replay:--hall|replay:--from|replay:--to|replay:-n|replay:--limit) return ;;
      rewards:--window) return ;;
      runs:--format) words='table plain json csv md' ;;
      runs:--older|runs:--keep) return ;;
      saliency:-n|saliency:--limit|saliency:--with) return ;;
      seeds:--sort|seeds:--stage|seeds:--env|seeds:-n|seeds:--limit) return ;;
      set:--format) words='table plain json csv md' ;;
      source:--format) words='table plain json csv md' ;;
      what-if:--sweep|what-if:--with) return ;;
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
        train) options+=' --envs --episode-length --updates --seed --task --device --fault --run-id --set --sanctum --overwatch --keep-bytes --no-record --list-settings' ;;
        esper) options+=' --run-id --sanctum' ;;
        import) options+=' --run-id --force --follow --format' ;;
        export) options+=' --to --as --steps --per-env --format' ;;
        actions) options+=' --window --more' ;;
        around) options+=' --window --env' ;;
        attach) options+=' --format' ;;
        blueprints) options+=' --more' ;;
        brain) options+=' --more' ;;
        decision) options+=' --more' ;;
        diff) options+=' --all' ;;
        echo) options+=' --format' ;;
        env) options+=' --more' ;;
        envs) options+=' --sort --where --limit --more --cards' ;;
        episodes) options+=' --env --sort --limit --more' ;;
        events) options+=' --severity --type --env --slot --since --limit --more --types' ;;
        expect) options+=' --env' ;;
        explain) options+=' --more' ;;
        find) options+=' --env --first --last --all --limit' ;;
        flip) options+=' --limit --with --trust' ;;
        hall) options+=' --task --limit --more --off --force' ;;
        help) options+=' --more --format' ;;
        history) options+=' --env --last --since --limit' ;;
        plot) options+=' --env --last --since --out --force' ;;
        quit) options+=' --format' ;;
        replay) options+=' --hall --from --to --disagree --limit --more --trust' ;;
        report) options+=' --force' ;;
        rewards) options+=' --window --actions --more' ;;
        run) options+=' --more --sizes --traceback --stacks --config' ;;
        runs) options+=' --reap --du --prune --older --keep --yes --format' ;;
        saliency) options+=' --limit --with --trust' ;;
        seed) options+=' --more' ;;
        seeds) options+=' --sort --stage --env --limit --more' ;;
        set) options+=' --format' ;;
        source) options+=' --format' ;;
        vitals) options+=' --more' ;;
        what-if) options+=' --sweep --with --trust' ;;
        why) options+=' --more' ;;
        why-not) options+=' --more' ;;
      esac
      case "$word" in
        actions|around|at|blueprints|brain|counterfactual|decision|diff|env|envs|episodes|event|events|expect|explain|find|flip|hall|history|note|overwatch|plot|replay|report|rewards|run|saliency|seed|seeds|step|vitals|what-if|why|why-not|cf|exit|overnight|triage) options+=' --run --at --format --timeout --wait' ;;
      esac
      if ((COMP_CWORD == 2)) && [[ $current != -* ]]; then
        case "$word" in
          shell) words='RUN' ;;
          exec) words='FILE' ;;
          train) words='ppo' ;;
          import) words='esper tensorboard' ;;
          export) words='RUN' ;;
          completions) words='bash zsh fish' ;;
          attach) words='RUN' ;;
          brain) words='health losses vitals heads advantages returns critic ratio q recurrent memory round other' ;;
          hall) words='show step diff pin worst export' ;;
          help) words='WORD' ;;
          report) words='FILE' ;;
          seeds) words='top bottom oldest ripe stuck graveyard' ;;
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
