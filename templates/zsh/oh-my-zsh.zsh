ZSH={{ path | shell }}
ZSH_CACHE_DIR={{ (xdg.cache ~ "/oh-my-zsh") | shell }}
{% if custom %}
ZSH_CUSTOM={{ custom | shell }}
{% endif %}
{% if theme %}
ZSH_THEME={{ theme | shell }}
{% endif %}
{% if plugins %}
plugins=({{ plugins | map("shell") | join(" ") }})
{% endif %}
{% if source %}
zstyle ':omz:update' mode disabled
{% endif %}
{% if setup %}
{{ setup | trim }}
{% endif %}
if [[ -r $ZSH/oh-my-zsh.sh ]]; then
  source $ZSH/oh-my-zsh.sh
{% if config.programs.zsh.enable_completion %}
else
{{ config.programs.zsh.completion_init | trim }}
{% endif %}
fi
