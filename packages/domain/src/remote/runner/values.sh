# The values of a run, verdict fields, the clock. Reads $values.

# line FILE: its only line, into $value; empty if the file is missing or has more lines
line() {
  value='' more=''
  if [ -f "$1" ]; then
    { IFS= read -r value || :; IFS= read -r more || [ -n "$more" ]; } <"$1" && value=
  fi
  return 0
}

# value NAME DEFAULT: a value of the run, into $value
value() {
  line "$values/$1"
  [ -n "$value" ] || value=$2
}

# number NAME DEFAULT: a value of the run that must be a whole number, into $value
number() {
  value "$1" "$2"
  case $value in *[!0-9]* | ??????????*) value=$2 ;; esac
}

# without FILE: the lines that are read and not in the file. For BusyBox's `grep -Fx` every line is in an empty one.
without() { awk 'FILENAME == ARGV[1] { gone[$0]; next } !($0 in gone)' "$1" -; }

plain() { case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;; esac }

field() { printf 'r\t%s\t%.3000s\n' "$1" "$2"; }

# Milliseconds since 1970 into $ms, without starting a process.
now() {
  read -r up _ </proc/uptime
  ms=$((boot + ${up%.*}${up#*.} * 10))
}

set_clock() {
  clock=$(date +%s%N)
  case ${#clock}$clock in *[!0-9]*) clock=$(date +%s)000 ;; 19*) clock=${clock%??????} ;; *) clock=$(date +%s)000 ;; esac
  read -r up _ </proc/uptime
  boot=$((clock - ${up%.*}${up#*.} * 10))
}

# The template for inspecting a container, as one line: JSON, a tab, published ports. Every part has a maximum length.
container='{"name":{{json (printf "%.200s" .Name)}},"service":{{json (printf "%.100s" (index .Config.Labels "'$label'.service"))}}'
container=$container',"image":{{json (printf "%.300s" .Config.Image)}},"imageId":{{json .Image}},"state":{{json .State.Status}}'
container=$container',"health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}},"exit":{{.State.ExitCode}}'
container=$container',"restarts":{{.RestartCount}},"started":{{json .State.StartedAt}},"finished":{{json .State.FinishedAt}}'
container=$container',"policy":{{json .HostConfig.RestartPolicy.Name}}}'$tab
container=$container'{{range $port, $at := .NetworkSettings.Ports}}{{range $at}}{{.HostIP}}|{{.HostPort}}|{{$port}} {{end}}{{end}}'

# The pause between polls: a quarter of a second or as given, if sleep supports fractions.
breathe() { sleep "${1-0.25}" 2>/dev/null || sleep 1; }
