function {{ own.key | fish }}
{%- if own.description %} --description {{ own.description | fish }}{% endif %}
{%- if own.wraps %} --wraps {{ own.wraps | fish }}{% endif %}
{%- if own.on_event %} --on-event {{ own.on_event | fish }}{% endif %}
{%- if own.on_variable %} --on-variable {{ own.on_variable | fish }}{% endif %}
{%- if own.arguments %} --argument-names {{ own.arguments | map("fish") | join(" ") }}{% endif %}

{{ own.body }}end
