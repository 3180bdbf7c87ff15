autoload -Uz compinit
() {
  setopt local_options extended_glob
  [[ -d ${1:h} ]] || mkdir -p -- ${1:h}
  # A list younger than a day is taken as it stands; looking for new ones is what costs time.
  if [[ -n $1(#qN.mh-24) ]]; then compinit -C -d $1; else compinit -i -d $1 && touch -- $1; fi
} {{ (xdg.cache ~ "/zsh/zcompdump-") | shell }}$ZSH_VERSION
