# What a run does, in the order of its plan: the operations of plan/operations.ts, a word and the names of services. Reads $run/operations; writes done.

# fit FILE: says `fit`, or what is wrong with the operations in it. Services are those that the report has read: an operation may name no other, and
# `remove` only one that the release does not have.
fit() {
  awk '
    BEGIN {
      split("build carry reuse pull up wait remove stop move", some, " "); for (i in some) named[some[i]]
      split("pin place record prune", some, " "); for (i in some) alone[some[i]]
      after["place"] = "pin"; after["remove"] = after["stop"] = after["move"] = after["up"] = after["wait"] = "place"; after["record"] = "wait"; after["prune"] = "record"
    }
    function wrong(text) { if (said == "") said = text }
    FILENAME == ARGV[1] { split($0, part, "\t"); mine[part[1]]; if (part[4] == "build") built[part[1]]; next }
    FILENAME == ARGV[2] { known[$0]; next }
    FILENAME == ARGV[3] { known[$0]; programs[$0]; next }
    {
      count = split($0, word, " ")
      if ($0 !~ /^[a-z]+( [A-Za-z0-9._-]+)*$/) wrong(quoted($0) " is no operation")
      if (!(word[1] in named) && !(word[1] in alone)) wrong("This runner does not know the operation " quoted(word[1]))
      else if ((word[1] in alone) && count > 1 || (word[1] in named) && count < 2) wrong("The operation " word[1] " has not the services that it takes")
      else if ((word[1] in after) && !(after[word[1]] in done)) wrong("The operation " word[1] " comes before " after[word[1]])
      for (i = 2; i <= count; i++) {
        if (word[1] == "remove" ? word[i] in known || word[i] in mine : !(word[i] in mine || word[1] == "up" && word[i] in programs)) wrong("The operation " word[1] " is not for the service " word[i])
        else if ((word[1] == "build" || word[1] == "carry" || word[1] == "reuse") && !(word[i] in built)) wrong("The service " word[i] " is not built")
      }
      done[word[1]]
      if (++lines > 100) wrong("There are more than 100 operations")
    }
    function quoted(text) { gsub(/[^ -~]/, "?", text); return "\"" substr(text, 1, 60) "\"" }
    END {
      if (!("record" in done)) wrong("The operations do not end with the release being recorded")
      print said == "" ? "fit" : said
    }' "$scratch/services" "$scratch/told/all" "$scratch/programs" "$1"
}

# Each operation has one function. A run that is started again begins anew, since every one of them is idempotent; once the release is recorded,
# only what follows is left.
operate() {
  [ -e "$run/recorded" ] || : >"$run/done"
  while IFS= read -r operation <&3; do
    names=${operation#"${operation%% *}"} names=${names# }
    set --
    while [ -n "$names" ]; do
      set -- "$@" "${names%% *}"
      names=${names#"${names%% *}"} names=${names# }
    done
    if [ -e "$run/recorded" ]; then
      case $operation in record | prune) ;; *) continue ;; esac
    fi
    case ${operation%% *} in
      build) stage build; build "$@" ;;
      carry) stage pull; carry "$@" ;;
      reuse) stage pull; reuse "$@" ;;
      pull) stage pull; pull "$@" ;;
      pin) stage pull; pin ;;
      place) stage start; place ;;
      remove) stage start; discard "$@" ;;
      stop) stage start; halt "$@" ;;
      move) stage start; move "$@" ;;
      up) stage start; raise -- "$@" ;;
      wait) stage verify; settle "$@" ;;
      record) stage record; record ;;
      prune) stage prune; prune ;;
      *) fail plan.failed 'This runner does not know an operation of its plan' ;;
    esac
    printf '%s\n' "$operation" >>"$run/done"
  done 3<"$run/operations"
  succeed
}

# stage STEP: to which the next operation belongs. A run cannot be canceled any more once its release is recorded.
stage() {
  if [ -e "$run/recorded" ]; then
    step=$1
    emit step '' ''
  elif [ "$step" != "$1" ]; then
    step "$1"
  elif [ -e "$run/canceled" ]; then
    fail canceled 'Canceled'
  fi
}
