#!/bin/sh
# Ends the processes of one owner when that owner is gone, however it went: stopped, crashed or killed with -9.
# The owner holds the other end of standard input; when it closes, for whatever reason, what is still registered
# gets SIGTERM and, after $1 seconds, SIGKILL. A child registers itself before it becomes the server (see
# process-guard.ts), so there is no moment in which a server runs unregistered.
# The processes that a registered one has started (npm starts a shell, which starts node) are ended with it.
#   + PID             registered
#   - PID             has ended (its number may be given to a stranger, so it must not be signalled any more)
#   containers LABEL  remove Docker's containers with this label too
grace_seconds=$1
trap '' INT TERM HUP
registered=' '
label=''
while read -r verb value; do
  case $verb in
    +) registered="$registered$value " ;;
    -)
      kept=' '
      for pid in $registered; do [ "$pid" = "$value" ] || kept="$kept$pid "; done
      registered=$kept
      ;;
    containers) label=$value ;;
  esac
done

# The registered processes and all below them, while the tree still stands.
family() {
  ps -A -o pid= -o ppid= | awk -v registered="$registered" '
    BEGIN { count = split(registered, pids, " "); for (i = 1; i <= count; i++) chosen[pids[i]] = 1 }
    { parent[$1] = $2 }
    END {
      do {
        grew = 0
        for (pid in parent) if (!(pid in chosen) && (parent[pid] in chosen)) { chosen[pid] = 1; grew = 1 }
      } while (grew)
      for (pid in chosen) print pid
    }'
}
targets=''
[ "$registered" = ' ' ] || targets=$(family 2>/dev/null)
# A system without ps: the registered ones at least.
[ -n "$targets" ] || targets=$registered

# Tells whether a process still runs. One that has ended but isn't collected yet (stat Z) doesn't.
runs() {
  kill -0 "$1" 2>/dev/null || return 1
  case $(ps -o stat= -p "$1" 2>/dev/null) in Z*) return 1 ;; esac
}

for pid in $targets; do kill -TERM "$pid" 2>/dev/null; done
if [ -n "$label" ]; then
  containers=$(docker ps --all --quiet --filter "label=$label" 2>/dev/null)
  # Unquoted: one argument for each container.
  if [ -n "$containers" ]; then
    docker stop --time "$grace_seconds" $containers >/dev/null 2>&1
    docker rm --force --volumes $containers >/dev/null 2>&1
  fi
fi
tenths=$((grace_seconds * 10))
while [ $tenths -gt 0 ]; do
  left=''
  for pid in $targets; do runs "$pid" && left="$left $pid"; done
  [ -n "$left" ] || exit 0
  sleep 0.1
  tenths=$((tenths - 1))
done
for pid in $left; do kill -KILL "$pid" 2>/dev/null; done
