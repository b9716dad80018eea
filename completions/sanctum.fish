# Completion of sanctum for fish; made by python -m sanctum.cli.completions.

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
set -l asks '__fish_seen_subcommand_from actions around at blueprints brain counterfactual decision diff env envs episodes event events expect explain find flip hall history note overwatch plot replay report rewards run saliency seed seeds step vitals what-if why why-not cf exit overnight triage'
complete -c sanctum -n "$asks" -l run -x -a '(__sanctum_runs)'
complete -c sanctum -n "$asks" -l at -x
complete -c sanctum -n "$asks" -l format -x -a 'table plain json csv md'
complete -c sanctum -n "$asks" -l timeout -x
complete -c sanctum -n "$asks" -l wait -x
complete -c sanctum -n __fish_use_subcommand -a shell -d 'talk to a run in this terminal'
complete -c sanctum -n '__fish_seen_subcommand_from shell' -l run -x -a '(__sanctum_runs)'
complete -c sanctum -n '__fish_seen_subcommand_from shell' -l plain
complete -c sanctum -n '__fish_seen_subcommand_from shell' -l wait -x
complete -c sanctum -n '__fish_seen_subcommand_from shell' -a '(__sanctum_runs)'
complete -c sanctum -n __fish_use_subcommand -a exec -d 'run lines from a file, from -c or from stdin'
complete -c sanctum -n '__fish_seen_subcommand_from exec' -l run -x -a '(__sanctum_runs)'
complete -c sanctum -n '__fish_seen_subcommand_from exec' -l at -x
complete -c sanctum -n '__fish_seen_subcommand_from exec' -l format -x -a 'table plain json csv md'
complete -c sanctum -n '__fish_seen_subcommand_from exec' -l timeout -x
complete -c sanctum -n '__fish_seen_subcommand_from exec' -l wait -x
complete -c sanctum -n '__fish_seen_subcommand_from exec' -l trace
complete -c sanctum -n '__fish_seen_subcommand_from exec' -F
complete -c sanctum -n __fish_use_subcommand -a demo -d 'train a small run and talk to it'
complete -c sanctum -n '__fish_seen_subcommand_from demo' -l task -x
complete -c sanctum -n '__fish_seen_subcommand_from demo' -l updates -x
complete -c sanctum -n '__fish_seen_subcommand_from demo' -l run-id -x
complete -c sanctum -n '__fish_seen_subcommand_from demo' -l plain
complete -c sanctum -n '__fish_seen_subcommand_from demo' -l tour
complete -c sanctum -n __fish_use_subcommand -a train -d 'train the reference run'
complete -c sanctum -n '__fish_seen_subcommand_from train' -l envs -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l episode-length -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l updates -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l seed -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l task -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l device -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l fault -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l run-id -x -a '(__sanctum_runs)'
complete -c sanctum -n '__fish_seen_subcommand_from train' -l set -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l sanctum
complete -c sanctum -n '__fish_seen_subcommand_from train' -l overwatch
complete -c sanctum -n '__fish_seen_subcommand_from train' -l keep-bytes -x
complete -c sanctum -n '__fish_seen_subcommand_from train' -l no-record
complete -c sanctum -n '__fish_seen_subcommand_from train' -l list-settings
complete -c sanctum -n '__fish_seen_subcommand_from train' -a 'ppo'
complete -c sanctum -n __fish_use_subcommand -a esper -d 'train with Esper, Sanctum attached'
complete -c sanctum -n '__fish_seen_subcommand_from esper' -l run-id -x -a '(__sanctum_runs)'
complete -c sanctum -n '__fish_seen_subcommand_from esper' -l sanctum
complete -c sanctum -n __fish_use_subcommand -a import -d 'make a record of what another program recorded'
complete -c sanctum -n '__fish_seen_subcommand_from import' -l run-id -x
complete -c sanctum -n '__fish_seen_subcommand_from import' -l force
complete -c sanctum -n '__fish_seen_subcommand_from import' -l follow
complete -c sanctum -n '__fish_seen_subcommand_from import' -l format -x -a 'table plain json csv md'
complete -c sanctum -n '__fish_seen_subcommand_from import' -a 'esper tensorboard'
complete -c sanctum -n __fish_use_subcommand -a export -d 'write a run as Parquet tables or TensorBoard files'
complete -c sanctum -n '__fish_seen_subcommand_from export' -l to -x -a 'parquet tensorboard'
complete -c sanctum -n '__fish_seen_subcommand_from export' -l as -x
complete -c sanctum -n '__fish_seen_subcommand_from export' -l steps -x
complete -c sanctum -n '__fish_seen_subcommand_from export' -l per-env
complete -c sanctum -n '__fish_seen_subcommand_from export' -l format -x -a 'table plain json csv md'
complete -c sanctum -n '__fish_seen_subcommand_from export' -a '(__sanctum_runs)'
complete -c sanctum -n __fish_use_subcommand -a completions -d 'print the completion file for bash, zsh or fish'
complete -c sanctum -n '__fish_seen_subcommand_from completions' -a 'bash zsh fish'
complete -c sanctum -n __fish_use_subcommand -a actions -d 'Count what the policy chose, over all environments or in one'
complete -c sanctum -n '__fish_seen_subcommand_from actions' -l window -x
complete -c sanctum -n '__fish_seen_subcommand_from actions' -l more
complete -c sanctum -n __fish_use_subcommand -a around -d 'Show metrics and events together, a few steps before and after a moment'
complete -c sanctum -n '__fish_seen_subcommand_from around' -l window -x
complete -c sanctum -n '__fish_seen_subcommand_from around' -l env -x
complete -c sanctum -n __fish_use_subcommand -a at -d 'Ask about another moment from here on, a step, an update, so long ago; or live'
complete -c sanctum -n __fish_use_subcommand -a attach -d 'Talk to another run, live or recorded, by its id or by the path of its record'
complete -c sanctum -n '__fish_seen_subcommand_from attach' -l format -x -a 'table plain json csv md'
complete -c sanctum -n '__fish_seen_subcommand_from attach' -a '(__sanctum_runs)'
complete -c sanctum -n __fish_use_subcommand -a blueprints -d 'Count what became of the seeds so far, by blueprint'
complete -c sanctum -n '__fish_seen_subcommand_from blueprints' -l more
complete -c sanctum -n __fish_use_subcommand -a brain -d 'Show the policy, entropy, KL, losses, gradients, and its action distribution'
complete -c sanctum -n '__fish_seen_subcommand_from brain' -l more
complete -c sanctum -n '__fish_seen_subcommand_from brain' -a 'health losses vitals heads advantages returns critic ratio q recurrent memory round other'
complete -c sanctum -n __fish_use_subcommand -a counterfactual -d 'Show accuracy with and without an environments seeds'
complete -c sanctum -n __fish_use_subcommand -a decision -d 'Show one decision, the newest of an environment, or that of a step'
complete -c sanctum -n '__fish_seen_subcommand_from decision' -l more
complete -c sanctum -n __fish_use_subcommand -a diff -d 'Show what differs between A and B, largest relative change first'
complete -c sanctum -n '__fish_seen_subcommand_from diff' -l all
complete -c sanctum -n __fish_use_subcommand -a echo -d 'Print a text'
complete -c sanctum -n '__fish_seen_subcommand_from echo' -l format -x -a 'table plain json csv md'
complete -c sanctum -n __fish_use_subcommand -a env -d 'Show one environment, accuracy, loss, seeds, decisions, reward, events'
complete -c sanctum -n '__fish_seen_subcommand_from env' -l more
complete -c sanctum -n __fish_use_subcommand -a envs -d 'List the environments, health, accuracy, loss, seeds, reward, last action'
complete -c sanctum -n '__fish_seen_subcommand_from envs' -l sort -x
complete -c sanctum -n '__fish_seen_subcommand_from envs' -l where -x
complete -c sanctum -n '__fish_seen_subcommand_from envs' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from envs' -l more
complete -c sanctum -n '__fish_seen_subcommand_from envs' -l cards
complete -c sanctum -n __fish_use_subcommand -a episodes -d 'List episodes that have ended, the newest, the last of them at the bottom; or by --sort'
complete -c sanctum -n '__fish_seen_subcommand_from episodes' -l env -x
complete -c sanctum -n '__fish_seen_subcommand_from episodes' -l sort -x
complete -c sanctum -n '__fish_seen_subcommand_from episodes' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from episodes' -l more
complete -c sanctum -n __fish_use_subcommand -a event -d 'Show one event in full, when, where, its text, and all the data that came with it'
complete -c sanctum -n __fish_use_subcommand -a events -d 'List what happened, the newest last; event NUMBER shows one of them in full'
complete -c sanctum -n '__fish_seen_subcommand_from events' -l severity -x -a 'debug info warn error critical'
complete -c sanctum -n '__fish_seen_subcommand_from events' -l type -x
complete -c sanctum -n '__fish_seen_subcommand_from events' -l env -x
complete -c sanctum -n '__fish_seen_subcommand_from events' -l slot -x
complete -c sanctum -n '__fish_seen_subcommand_from events' -l since -x
complete -c sanctum -n '__fish_seen_subcommand_from events' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from events' -l more
complete -c sanctum -n '__fish_seen_subcommand_from events' -l types
complete -c sanctum -n __fish_use_subcommand -a expect -d 'Check that a condition holds'
complete -c sanctum -n '__fish_seen_subcommand_from expect' -l env -x
complete -c sanctum -n __fish_use_subcommand -a explain -d 'Explain a metric, what it is, how it comes about, its healthy range, what it is now'
complete -c sanctum -n '__fish_seen_subcommand_from explain' -l more
complete -c sanctum -n __fish_use_subcommand -a find -d 'Find when a condition became true, and when it stopped'
complete -c sanctum -n '__fish_seen_subcommand_from find' -l env -x
complete -c sanctum -n '__fish_seen_subcommand_from find' -l first
complete -c sanctum -n '__fish_seen_subcommand_from find' -l last
complete -c sanctum -n '__fish_seen_subcommand_from find' -l all
complete -c sanctum -n '__fish_seen_subcommand_from find' -l limit -x
complete -c sanctum -n __fish_use_subcommand -a flip -d 'Find the smallest change of one feature after which the policy chooses otherwise'
complete -c sanctum -n '__fish_seen_subcommand_from flip' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from flip' -l with -x
complete -c sanctum -n '__fish_seen_subcommand_from flip' -l trust
complete -c sanctum -n __fish_use_subcommand -a hall -d 'Show the ten best episodes of all runs of a task by peak accuracy; they are kept for good'
complete -c sanctum -n '__fish_seen_subcommand_from hall' -l task -x
complete -c sanctum -n '__fish_seen_subcommand_from hall' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from hall' -l more
complete -c sanctum -n '__fish_seen_subcommand_from hall' -l off
complete -c sanctum -n '__fish_seen_subcommand_from hall' -l force
complete -c sanctum -n '__fish_seen_subcommand_from hall' -a 'show step diff pin worst export'
complete -c sanctum -n __fish_use_subcommand -a help -d 'List the words that can be typed, or show how one is used'
complete -c sanctum -n '__fish_seen_subcommand_from help' -l more
complete -c sanctum -n '__fish_seen_subcommand_from help' -l format -x -a 'table plain json csv md'
complete -c sanctum -n '__fish_seen_subcommand_from help' -a 'shell exec demo train esper import export completions actions around at attach blueprints brain counterfactual decision diff echo env envs episodes event events expect explain find flip hall help history note overwatch plot quit replay report rewards run runs saliency seed seeds set source step vitals what-if why why-not cf exit overnight triage'
complete -c sanctum -n __fish_use_subcommand -a history -d 'Show how metrics went, their newest numbers side by side, a sparkline, the extremes'
complete -c sanctum -n '__fish_seen_subcommand_from history' -l env -x
complete -c sanctum -n '__fish_seen_subcommand_from history' -l last -x
complete -c sanctum -n '__fish_seen_subcommand_from history' -l since -x
complete -c sanctum -n '__fish_seen_subcommand_from history' -l limit -x
complete -c sanctum -n __fish_use_subcommand -a note -d 'Put a line on the timeline, now or --at a moment of the past, of a live or a recorded run'
complete -c sanctum -n __fish_use_subcommand -a overwatch -d 'Sum the run up, accuracy, reward, seeds, policy, speed, alarms'
complete -c sanctum -n __fish_use_subcommand -a plot -d 'Draw metrics over time; those of one unit share an axis'
complete -c sanctum -n '__fish_seen_subcommand_from plot' -l env -x
complete -c sanctum -n '__fish_seen_subcommand_from plot' -l last -x
complete -c sanctum -n '__fish_seen_subcommand_from plot' -l since -x
complete -c sanctum -n '__fish_seen_subcommand_from plot' -l out -x -F
complete -c sanctum -n '__fish_seen_subcommand_from plot' -l force
complete -c sanctum -n __fish_use_subcommand -a quit -d 'Leave the shell; the run goes on. So does Ctrl-D'
complete -c sanctum -n '__fish_seen_subcommand_from quit' -l format -x -a 'table plain json csv md'
complete -c sanctum -n __fish_use_subcommand -a replay -d 'Evaluate a decision again, what was recorded, with the weights of then, of now, of the hall'
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l hall -x
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l from -x
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l to -x
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l disagree
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l more
complete -c sanctum -n '__fish_seen_subcommand_from replay' -l trust
complete -c sanctum -n __fish_use_subcommand -a report -d 'Write one page about the run, .md or .html, for an issue or a colleague'
complete -c sanctum -n '__fish_seen_subcommand_from report' -l force
complete -c sanctum -n '__fish_seen_subcommand_from report' -F
complete -c sanctum -n __fish_use_subcommand -a rewards -d 'Take the reward apart, over all environments or in one'
complete -c sanctum -n '__fish_seen_subcommand_from rewards' -l window -x
complete -c sanctum -n '__fish_seen_subcommand_from rewards' -l actions
complete -c sanctum -n '__fish_seen_subcommand_from rewards' -l more
complete -c sanctum -n __fish_use_subcommand -a run -d 'Say how the run is, live, silent, ended, failed or killed, when and why'
complete -c sanctum -n '__fish_seen_subcommand_from run' -l more
complete -c sanctum -n '__fish_seen_subcommand_from run' -l sizes
complete -c sanctum -n '__fish_seen_subcommand_from run' -l traceback
complete -c sanctum -n '__fish_seen_subcommand_from run' -l stacks
complete -c sanctum -n '__fish_seen_subcommand_from run' -l config
complete -c sanctum -n __fish_use_subcommand -a runs -d 'List the runs of this machine, newest first, live, ended and died'
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l reap
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l du
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l prune
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l older -x
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l keep -x
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l yes
complete -c sanctum -n '__fish_seen_subcommand_from runs' -l format -x -a 'table plain json csv md'
complete -c sanctum -n __fish_use_subcommand -a saliency -d 'Show which features carried an op (by default the one taken), for it and against it'
complete -c sanctum -n '__fish_seen_subcommand_from saliency' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from saliency' -l with -x
complete -c sanctum -n '__fish_seen_subcommand_from saliency' -l trust
complete -c sanctum -n __fish_use_subcommand -a seed -d 'Show one seed, stage, alpha, contribution, its next gate, its life'
complete -c sanctum -n '__fish_seen_subcommand_from seed' -l more
complete -c sanctum -n __fish_use_subcommand -a seeds -d 'Rank seeds by what they add to their host'
complete -c sanctum -n '__fish_seen_subcommand_from seeds' -l sort -x
complete -c sanctum -n '__fish_seen_subcommand_from seeds' -l stage -x
complete -c sanctum -n '__fish_seen_subcommand_from seeds' -l env -x
complete -c sanctum -n '__fish_seen_subcommand_from seeds' -l limit -x
complete -c sanctum -n '__fish_seen_subcommand_from seeds' -l more
complete -c sanctum -n '__fish_seen_subcommand_from seeds' -a 'top bottom oldest ripe stuck graveyard'
complete -c sanctum -n __fish_use_subcommand -a set -d 'Show the settings of this session, or change one until it ends'
complete -c sanctum -n '__fish_seen_subcommand_from set' -l format -x -a 'table plain json csv md'
complete -c sanctum -n __fish_use_subcommand -a source -d 'Run the lines of a file; its answers come as they are made'
complete -c sanctum -n '__fish_seen_subcommand_from source' -l format -x -a 'table plain json csv md'
complete -c sanctum -n '__fish_seen_subcommand_from source' -F
complete -c sanctum -n __fish_use_subcommand -a step -d 'Move N steps on, or back, -1, +10. From an update (at u41), N updates'
complete -c sanctum -n __fish_use_subcommand -a vitals -d 'Show GPU, CPU, memory, throughput, and how fresh and complete the telemetry is'
complete -c sanctum -n '__fish_seen_subcommand_from vitals' -l more
complete -c sanctum -n __fish_use_subcommand -a what-if -d 'Change what the policy saw at a decision, and show what it would have done'
complete -c sanctum -n '__fish_seen_subcommand_from what-if' -l sweep -x
complete -c sanctum -n '__fish_seen_subcommand_from what-if' -l with -x
complete -c sanctum -n '__fish_seen_subcommand_from what-if' -l trust
complete -c sanctum -n __fish_use_subcommand -a why -d 'Ask why the policy takes an action, by default WAIT, or whatever it takes most'
complete -c sanctum -n '__fish_seen_subcommand_from why' -l more
complete -c sanctum -n __fish_use_subcommand -a why-not -d 'Ask why an action is not taken, is it legal, what forbids it, what does the seed lack'
complete -c sanctum -n '__fish_seen_subcommand_from why-not' -l more
complete -c sanctum -n __fish_use_subcommand -a cf -d 'Accuracy with and without the seeds of environment N, as counterfactual N does'
complete -c sanctum -n __fish_use_subcommand -a exit -d 'Leave the shell, as quit does'
complete -c sanctum -n __fish_use_subcommand -a overnight -d 'Quiet checks for cron, exit code 0 all hold, 6 one does not, 7 one cannot be known'
complete -c sanctum -n __fish_use_subcommand -a triage -d 'The first two minutes on a sick run, alive? well? deciding what? paid for what? what happened?'
