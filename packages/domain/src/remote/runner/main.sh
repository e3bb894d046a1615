# What this process is for.
case $1 in
  --run) run "$2" ;;
  --files) shift && each_file "$@" ;;
  *) front "$1" ;;
esac
