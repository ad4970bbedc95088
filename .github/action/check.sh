#!/usr/bin/env bash
# Second step of the action: lint, with annotations in the log, a summary on the job's page and SARIF where asked for.
# Ends with the exit status of aznetlint: 1 for findings, 2 when the run itself failed.
set -euo pipefail

arguments=(check)
option() {
  if [[ -n $2 ]]; then arguments+=("$1=$2"); fi
}
option --config "$INPUT_SETTINGS"
option --fail-on "$INPUT_FAIL_ON"
option --undecided "$INPUT_UNDECIDED"
option --baseline "$INPUT_BASELINE"
option --changed-since "$INPUT_CHANGED_SINCE"
arguments+=("--output=${INPUT_FORMAT:-github}")

summary=
if [[ $INPUT_SUMMARY == true && -n ${GITHUB_STEP_SUMMARY:-} ]]; then
  summary=${RUNNER_TEMP:-/tmp}/aznetlint-summary.md
  rm -f "$summary"
  arguments+=("--output=markdown=$summary")
fi
if [[ -n $INPUT_SARIF_FILE ]]; then
  mkdir -p "$(dirname "$INPUT_SARIF_FILE")"
  rm -f "$INPUT_SARIF_FILE"
  arguments+=("--output=sarif=$INPUT_SARIF_FILE")
fi

lines() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    if [[ -n ${line// /} ]]; then arguments+=("$line"); fi
  done <<<"$1"
}
lines "$INPUT_ARGS"
arguments+=(--)
lines "$INPUT_PATH"

status=0
"${AZNETLINT:-aznetlint}" "${arguments[@]}" || status=$?

if [[ -n $summary && -s $summary ]]; then cat "$summary" >>"$GITHUB_STEP_SUMMARY"; fi
if [[ -n $INPUT_SARIF_FILE && -s $INPUT_SARIF_FILE ]]; then
  printf 'sarif-file=%s\n' "$INPUT_SARIF_FILE" >>"$GITHUB_OUTPUT"
fi
# What the change does is told beside the findings: it fails nothing by itself, and a comment is written by a step of its own.
if [[ ${INPUT_DIFF:-false} == true ]]; then
  if [[ -z $INPUT_CHANGED_SINCE ]]; then
    echo "::warning::diff: true needs changed-since, such as origin/main"
  else
    body=${RUNNER_TEMP:-/tmp}/aznetlint-diff.md
    rm -f "$body"
    arguments=(diff --exit-zero --format=text "--against=$INPUT_CHANGED_SINCE" "--output=markdown=$body")
    option --config "$INPUT_SETTINGS"
    arguments+=(--)
    lines "$INPUT_PATH"
    "${AZNETLINT:-aznetlint}" "${arguments[@]}" || echo "::warning::what the change does could not be told"
    if [[ -s $body ]]; then printf 'diff-file=%s\n' "$body" >>"$GITHUB_OUTPUT"; fi
  fi
fi
printf 'exit-code=%s\n' "$status" >>"$GITHUB_OUTPUT"
exit "$status"
