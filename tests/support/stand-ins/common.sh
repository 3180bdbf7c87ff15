# Read by the stand-ins: their state is the folder `state` beside the folder they are called from.
#   state/log       every call, in order
#   state/fail      a call that begins with one of these lines fails; behind `once `, one time
#   state/unknown   packages that no manager knows
#   state/broken    packages of a Brewfile that there are, and that cannot be installed
#   state/offline   nothing can be fetched
#   state/KIND      what is installed, a name a line
# They are called with little in PATH, so that no real manager is in reach.
original=$PATH
PATH=$PATH:/usr/bin:/bin
name=${0##*/}
state=$(cd "${0%/*}/../state" && pwd) || exit 70
call="$name${*:+ $*}"
printf '%s\n' "$call" | tr '\n' ' ' >>"$state/log"
echo >>"$state/log"

fail() { echo "$name: $*" >&2; exit 1; }

while IFS= read -r line; do
    case $line in
    "once "*)
        case $call in "${line#once }"*)
            grep -vxF -e "$line" "$state/fail" >"$state/fail.new"
            mv "$state/fail.new" "$state/fail"
            fail "told to fail once";;
        esac;;
    ?*) case $call in "$line"*) fail "told to fail";; esac;;
    esac
done <<END
$(cat "$state/fail" 2>/dev/null)
END

all() { cat "$state/$1" 2>/dev/null; }
has() { all "$1" | grep -qxF -e "$2"; }
add() { has "$1" "$2" || echo "$2" >>"$state/$1"; }
del() { has "$1" "$2" || return 1; all "$1" | grep -vxF -e "$2" >"$state/$1.new"; mv "$state/$1.new" "$state/$1"; }

# Installs all names behind KIND, or, as real managers do, none if one of them is not known.
install() {
    kind=$1; shift
    for one in "$@"; do
        case $one in -*) fail "no such option: $one";; esac
        if has unknown "$one"; then fail "there is no package $one"; fi
    done
    for one in "$@"; do add "$kind" "$one"; done
}
# Takes one away, unless another needs it: `state/needed` has its name.
remove() {
    has needed "$2" && fail "$2 is needed by another package"
    del "$1" "$2" || fail "$2 is not installed"
}
