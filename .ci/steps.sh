# The steps of the gate, for .ci/run and .ci/full to source. TRAILSEAL_SUITE, which they set, says how much of the slower
# suites runs (test/suite.ts).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true

folder=$(mktemp -d)
: >"$folder/times"
lane=first

# The table of seconds is printed, and what still runs is ended, however it ends.
finish() {
  local code=$? left
  left=$(jobs -p)
  if [ -n "$left" ]; then
    # shellcheck disable=SC2086
    kill $left 2>/dev/null || true
  fi
  printf '\n== Seconds\n'
  awk -F '\t' '{ printf "%6d  %-6s  %s%s\n", $1, $2, $3, $4 == 0 ? "" : "  FAILED (" $4 ")" }' "$folder/times"
  printf '%6d  in all, TRAILSEAL_SUITE=%s, %s processors, exit code %d\n' \
    "$SECONDS" "$TRAILSEAL_SUITE" "$(getconf _NPROCESSORS_ONLN)" "$code"
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step WHAT COMMAND…: runs a command, and notes how long it took.
step() {
  local what=$1 began=$SECONDS code=0
  shift
  printf '\n== %s\n' "$what"
  "$@" || code=$?
  printf '%d\t%s\t%s\t%d\n' "$((SECONDS - began))" "$lane" "$what" "$code" >>"$folder/times"
  return "$code"
}

# What the tests need of the system. A list of commands, as `set -e` counts for nothing in what is called before `||`.
system_packages() {
  local missing=() sudo=''
  command -v chromium >/dev/null || [ -n "${CHROMIUM:-}" ] || missing+=(chromium)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || sudo=sudo
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq &&
    $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What works on the stack, bundled or packaged: only one packaging at a time in a checkout.
stack_lane() {
  step 'The stack, packaged: held to the controls' npm run --silent test:template
  step 'The stack, packaged: held to what AWS and its users ask of templates' npm run --silent lint:template
  step 'The stack, deployed into an emulated AWS' npm run --silent test:e2e
}

# All else.
rest_lane() {
  step 'Types, lint, generated files' npm run --silent check
  step 'The lockfile, audited as far as the registry offers it' npm run --silent check:audit
  step 'The report in a browser' npm run --silent test:browser
  step 'What asks AWS, against an emulator' npm run --silent test:emulator
  step 'Hostile messages' npm run --silent test:hostile
  step 'Remediation, killed at its calls to AWS' npm run --silent test:crash
  step 'The package, as it would be published' npm run --silent test:package
  step 'npm start' npm run --silent start
}

# in_lanes FUNCTION…: runs lanes side by side, as all of them wait for emulators much of the time. Each stops at its first
# failure, and the others go on. The first one's output is shown as it comes, that of the others when all have ended.
in_lanes() {
  local pids=() name code=0 index
  for name in "$@"; do
    # In the background, as `set -e` counts for nothing before a `||`.
    if [ "${#pids[@]}" = 0 ]; then
      (trap - EXIT; lane=${name%_lane}; "$name") </dev/null &
    else
      (trap - EXIT; lane=${name%_lane}; "$name") </dev/null >"$folder/$name.log" 2>&1 &
    fi
    pids+=("$!")
  done
  for index in "${!pids[@]}"; do
    wait "${pids[$index]}" || code=$?
  done
  for name in "${@:2}"; do
    printf '\n== The log of %s\n' "${name%_lane}"
    cat "$folder/$name.log"
  done
  return "$code"
}
