if [[ -r {{ path | shell }} ]]; then
  source {{ path | shell }}
{% for key in up %}
  bindkey {{ key | shell }} history-substring-search-up
{% endfor %}
{% for key in down %}
  bindkey {{ key | shell }} history-substring-search-down
{% endfor %}
fi
