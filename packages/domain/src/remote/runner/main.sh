# Selects what this process does.
case $1 in
  --run) run "$2" ;;
  --files) shift && each_file "$@" ;;
  *) front "$@" ;;
esac
