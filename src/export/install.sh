set -u
unset IFS CDPATH
nl='
'
home=${HOME-}
home=${home%/}
ledger=$home/.local/state/hcc-script
backup_name=.hcc-backup
work='' staged='' why='' seen=''
dry=no folders=0 written=0 same=0 refused=0

usage() {
    cat <<'END'
Installs a home that hcc compiled, below $HOME, on a machine without hcc.

usage: sh SCRIPT [--dry-run] [--uninstall]

  --dry-run    say what would be done, and change nothing
  --uninstall  take away what was installed, and give back what was there before

What stands in the way is kept beside itself as NAME.hcc-backup, or NAME.hcc-backup-2 and so on.
Exit status: 0 done; 1 something could not be done, and is named; 2 usage.
END
}

say() {
    printf '%s\n' "$1"
}

refuse() { # PATH WHY
    printf 'not done: ~/%s: %s\n' "$1" "$2" >&2
    refused=$((refused + 1))
}

stop() { # WHY
    printf 'error: %s\n' "$1" >&2
    exit 1
}

clean() {
    [ -z "$staged" ] || rm -f "$staged"
    [ -z "$work" ] || rm -rf "$work"
}

exists() {
    [ -e "$1" ] || [ -L "$1" ]
}

# Goes through the folders above a path: each is a folder, or a link to one in the home. Missing
# ones are made, unless it only looks.
way() { # PATH make|look
    rest=$1
    at=$home
    while :; do
        case $rest in
        */*) ;;
        *) return 0 ;;
        esac
        at=$at/${rest%%/*}
        rest=${rest#*/}
        if [ -L "$at" ] && [ -d "$at" ]; then
            real=$(cd -P "$at" 2>/dev/null && pwd -P && printf x)
            case ${real%"$nl"x}/ in
            "$physical"/*) ;;
            *)
                why="~/${at#"$home"/} is a link out of the home"
                return 1
                ;;
            esac
        elif [ -d "$at" ]; then
            :
        elif exists "$at"; then
            why="~/${at#"$home"/} is no folder"
            return 1
        elif [ "$2" = look ]; then
            return 0
        elif ! make "$at"; then
            why="cannot make the folder ~/${at#"$home"/}"
            return 1
        fi
    done
}

# Makes a folder, for its owner alone if nothing in it is for others; noted before, to take it away again when it is empty.
make() {
    folders=$((folders + 1))
    while [ -e "$ledger/folder.$folders" ]; do
        folders=$((folders + 1))
    done
    rights=$(umask -S)
    ! private "${1#"$home"/}" || rights=u=rwx,g=,o=
    printf '%s' "$1" >"$ledger/folder.$folders" && mkdir -m "$rights" "$1" && return
    rm -f "$ledger/folder.$folders"
    return 1
}

# What was done, for --uninstall: a folder for each path, with its name, what was left there (and what
# is about to be), and how what was there before is called now.
open_ledger() {
    [ ! -d "$ledger" ] || return 0
    way .local/state/hcc-script/x look || return 1
    own=''
    for below in .local .local/state .local/state/hcc-script; do
        [ -d "$home/$below" ] && continue
        if ! mkdir "$home/$below"; then
            why="cannot make the folder ~/$below"
            return 1
        fi
        own="$below $own"
    done
    why="cannot write into ~/.local/state/hcc-script"
    chmod 700 "$ledger" && printf '%s' "$own" >"$ledger/own"
}

# What stands at a path, in a line.
state_of() {
    if [ -L "$1" ]; then
        printf 'link '
        readlink "$1"
    elif [ -f "$1" ]; then
        cksum <"$1"
    else
        printf 'other'
    fi
}

# Whether a path is as this script, or an earlier one, left it.
is_ours() {
    [ -d "$ledger/$key" ] || return 1
    found=$(state_of "$path")
    for state in left next; do
        [ -f "$ledger/$key/$state" ] && [ "$found" = "$(cat "$ledger/$key/$state")" ] && return
    done
    return 1
}

# Whether an earlier run that was cut short has kept what stands there already.
is_kept() {
    [ -s "$ledger/$key/backup" ] || return 1
    kept=$path$(cat "$ledger/$key/backup")
    [ -f "$path" ] && [ ! -L "$path" ] && [ -f "$kept" ] && [ ! -L "$kept" ] && cmp -s "$path" "$kept"
}

# Whether the permissions of what stands there are those: all of them if they were asked for, else
# whether its owner may execute it.
mode_fits() { # rwxr-xr-x yes|no
    found=$(ls -ldL "$path")
    found=${found%% *}
    case $2:$1 in
    yes:*) case $found in ?"$1"*) return 0 ;; esac ;;
    no:??x*) case $found in ???x*) return 0 ;; esac ;;
    *) case $found in ???[!x]*) return 0 ;; esac ;;
    esac
    return 1
}

# The next name that is free for what stands there.
free_name() {
    suffix=$backup_name
    count=1
    while exists "$path$suffix"; do
        count=$((count + 1))
        suffix=$backup_name-$count
    done
}

# Keeps what stands there beside itself: a second name for a file, so that it is never absent.
keep() {
    if [ -f "$path" ] && [ ! -L "$path" ] && ln "$path" "$path$suffix" 2>/dev/null; then
        return 0
    fi
    ! exists "$path$suffix" && mv "$path" "$path$suffix"
}

# Notes what is about to be done, so that a run that was cut short can be gone on with.
note() {
    if [ -d "$ledger/$key" ]; then
        printf '%s\n' "$next" >"$ledger/$key/next"
        return
    fi
    [ "$keeps" = yes ] || suffix=''
    rm -rf "$ledger/.new" && mkdir "$ledger/.new" &&
        printf '%s' "$name" >"$ledger/.new/path" &&
        printf '%s' "$suffix" >"$ledger/.new/backup" &&
        printf '%s\n' "$next" >"$ledger/.new/next" &&
        mv "$ledger/.new" "$ledger/$key"
}

# Writes it beside its place, complete.
stage() {
    staged=${path%/*}/.hcc-script-new
    rm -f "$staged" || return
    case $kind in
    file) (umask 077 && cp "$work/new" "$staged") && chmod "$mode" "$staged" ;;
    link) ln -s -- "$to" "$staged" ;;
    esac
}

# Gives what is staged its name. A link is taken away before: renaming goes through one to a folder.
rename() {
    if [ -L "$path" ]; then
        rm -f "$path" || return
    fi
    mv -f "$staged" "$path" && mv -f "$ledger/$key/next" "$ledger/$key/left"
}

# Puts what is wanted in its place, and keeps what stands there.
place() {
    keeps=no
    if exists "$path" && ! is_ours && ! is_kept; then
        keeps=yes
        free_name
    fi
    if [ "$dry" = yes ]; then
        say "would write ~/$name"
        [ "$keeps" = no ] || say "  what stands there would be ~/$name$suffix"
        written=$((written + 1))
        return
    fi
    why=''
    if ! open_ledger || ! way "$name" make; then
        refuse "$name" "$why"
    elif ! stage; then
        refuse "$name" "cannot write beside it"
    elif ! note; then
        refuse "$name" "cannot write into ~/.local/state/hcc-script"
    elif [ "$keeps" = yes ] && ! keep; then
        refuse "$name" "what stands there cannot be kept as NAME$suffix"
        [ -f "$ledger/$key/left" ] || rm -rf "${ledger:?}/$key"
    elif ! rename; then
        refuse "$name" "cannot be put in its place"
    else
        say "wrote ~/$name"
        [ "$keeps" = no ] || say "  what stood there is ~/$name$suffix"
        written=$((written + 1))
    fi
    [ -z "$staged" ] || rm -f "$staged"
    staged=''
}

# A file, of which the contents are $work/new.
file() { # KEY "SUM SIZE" MODE rwxr-xr-x yes|no own|shared PATH
    key=$1 next=$2 mode=$3 kind=file name=$7 path=$home/$7
    seen="$seen $key"
    if [ "$(cksum <"$work/new")" != "$next" ]; then
        refuse "$name" "its contents did not come whole into $work"
    elif ! way "$name" look; then
        refuse "$name" "$why"
    elif [ -d "$path" ] && [ ! -L "$path" ]; then
        refuse "$name" "a folder is in the way"
    elif [ -f "$path" ] && cmp -s "$work/new" "$path" && mode_fits "$4" "$5"; then
        same=$((same + 1))
    elif [ "$6" = shared ] && exists "$path" && ! is_ours; then
        say "left as it is: ~/$name: its program writes it too, and only hcc can bring keys into it"
    else
        place
    fi
}

# A link.
link() { # KEY TO PATH
    key=$1 to=$2 next="link $2" kind=link name=$3 path=$home/$3
    seen="$seen $key"
    if ! way "$name" look; then
        refuse "$name" "$why"
    elif [ -d "$path" ] && [ ! -L "$path" ]; then
        refuse "$name" "a folder is in the way"
    elif [ -L "$path" ] && [ "$(readlink "$path" && printf x)" = "$to${nl}x" ]; then
        same=$((same + 1))
    else
        place
    fi
}

# What an earlier script installed and this one does not hold.
orphans() {
    for entry in "$ledger"/*/; do
        [ -f "${entry}path" ] || continue
        known=${entry%/}
        case "$seen " in
        *" ${known##*/} "*) ;;
        *) say "no longer part of this home: ~/$(cat "${entry}path"); --uninstall takes it away" ;;
        esac
    done
}

uninstall() {
    if [ ! -d "$ledger" ]; then
        say "Nothing was installed here."
        return
    fi
    for entry in "$ledger"/*/; do
        [ -f "${entry}path" ] || continue
        name=$(cat "${entry}path" && printf x)
        name=${name%x}
        path=$home/$name
        suffix=$(cat "${entry}backup")
        key=${entry%/}
        key=${key##*/}
        give_back
    done
    [ "$dry" = no ] || return
    close_ledger
}

# Takes a path away and gives back what was there before.
give_back() {
    if ! way "$name" look; then
        refuse "$name" "$why"
        return
    fi
    if exists "$path" && ! is_ours && ! is_kept; then
        if [ ! -f "$ledger/$key/left" ]; then
            say "stays: ~/$name: as it was"
        else
            say "stays: ~/$name: it was changed since"
        fi
        [ -z "$suffix" ] || ! exists "$path$suffix" || say "  what was there before is ~/$name$suffix"
        [ "$dry" = yes ] || rm -rf "${ledger:?}/$key"
        return
    fi
    if [ -n "$suffix" ] && ! exists "$path$suffix"; then
        refuse "$name" "what was there before, ~/$name$suffix, is gone"
        return
    fi
    if [ "$dry" = yes ]; then
        say "would take away ~/$name"
        [ -z "$suffix" ] || say "  what was there before would come back"
        return
    fi
    if exists "$path" && ! rm -f "$path"; then
        refuse "$name" "cannot be taken away"
    elif [ -n "$suffix" ] && ! mv "$path$suffix" "$path"; then
        refuse "$name" "what was there before cannot be given back"
    else
        rm -rf "${ledger:?}/$key"
        say "took away ~/$name"
        [ -z "$suffix" ] || say "  what was there before is back"
    fi
}

# Takes away the folders that were made, as far as they are empty, and the ledger.
close_ledger() {
    [ "$refused" = 0 ] || return
    while [ -e "$ledger/folder.$((folders + 1))" ]; do
        folders=$((folders + 1))
    done
    while [ "$folders" -gt 0 ]; do
        folder=$(cat "$ledger/folder.$folders" && printf x)
        rmdir "${folder%x}" 2>/dev/null
        rm -f "$ledger/folder.$folders"
        folders=$((folders - 1))
    done
    own=$(cat "$ledger/own" 2>/dev/null)
    rm -rf "$ledger"
    for below in $own; do
        [ "$home/$below" = "$ledger" ] || rmdir "$home/$below" 2>/dev/null
    done
}

main() {
    task=install
    for argument in "$@"; do
        case $argument in
        --dry-run) dry=yes ;;
        --uninstall) task=uninstall ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            printf 'error: unknown argument: %s\n' "$argument" >&2
            usage >&2
            exit 2
            ;;
        esac
    done
    case ${HOME-} in
    /*) ;;
    *) stop "HOME is no absolute path: ${HOME-}" ;;
    esac
    physical=$(cd -P "$home/" && pwd -P && printf x) || stop "there is no home: $home"
    physical=${physical%"$nl"x}
    physical=${physical%/}
    trap clean EXIT
    trap 'exit 1' HUP INT TERM
    if [ "$task" = uninstall ]; then
        uninstall
        [ "$refused" = 0 ] || exit 1
        return
    fi
    work=${TMPDIR:-/tmp}/hcc-script.$$
    (umask 077 && mkdir "$work") || {
        work=''
        stop "cannot make a folder in ${TMPDIR:-/tmp}"
    }
    contents
    orphans
    [ "$home" = "$compiled_for" ] || moved
    word=written
    [ "$dry" = no ] || word="to be written"
    say "$written $word, $same as they were, $refused not done"
    by_hand
    [ "$refused" = 0 ] || exit 1
}
